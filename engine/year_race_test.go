//go:build race

package engine_test

// yearDays is shorter where every step is watched.
const yearDays = 45

// crowds is how many seeds TestACrowdBreaksNothing takes.
const crowds = 1

// watched says that the race detector is on, which allocates too.
const watched = true
