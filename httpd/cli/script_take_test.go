package cli

import (
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// take is the command of scripts `take NAME PATTERN`: what the pattern's group
// finds in the last standard output becomes a variable.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: take NAME PATTERN")
	}
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("nothing in the output is like %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}
