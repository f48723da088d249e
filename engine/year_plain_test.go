//go:build !race

package engine_test

// yearDays is how long the year is unless PENSTOCK_YEAR_DAYS says otherwise.
const yearDays = 365

// crowds is how many seeds TestACrowdBreaksNothing takes.
const crowds = 2

// watched says that the race detector is on, which allocates too.
const watched = false
