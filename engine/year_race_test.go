//go:build race

package engine_test

// yearDays is shorter where every step is watched.
const yearDays = 45
