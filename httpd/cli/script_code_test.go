package cli

import (
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// wantCode is the script command `code N COMMAND [ARG...]`: it runs the
// command, keeps its output for stdout and stderr, and fails unless it exits
// with N.
func wantCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if coder, ok := err.(interface{ ExitCode() int }); ok {
		got = coder.ExitCode()
	} else if err != nil {
		ts.Fatalf("%q did not run: %v", args[1:], err)
	}
	if got != want {
		ts.Fatalf("%q: exit code %d, want %d", args[1:], got, want)
	}
}
