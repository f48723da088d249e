package cli

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// sharesOf is the script command `shares FILE NAME`: it writes the custodians'
// shares that a verb printed into FILE to NAME1, NAME2, ... and all of them,
// one a line, to NAME.
func sharesOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shares FILE NAME")
	}
	found := regexp.MustCompile(`share_[0-9a-z-]+`).FindAllString(ts.ReadFile(args[0]), -1)
	if len(found) == 0 {
		ts.Fatalf("there is no share in %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(found, "\n")+"\n"), 0o600))
	for i, share := range found {
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprint(args[1], i+1)), []byte(share+"\n"), 0o600))
	}
}
