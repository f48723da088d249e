//go:build race

package cli

// watched says that the race detector is on: every process then starts many
// times slower.
const watched = true
