package cli

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// exampleVariable hands config.example.toml to the penstock of the scripts,
// which is this test binary and can't embed it.
const exampleVariable = "PENSTOCK_TEST_EXAMPLE"

// TestMain lets more tests run at once than there are processors: those that may
// wait most of their time for other processes. -parallel says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"penstock": func() {
		example, err := os.ReadFile(os.Getenv(exampleVariable))
		if err != nil {
			panic(err)
		}
		os.Exit(Main(Env{
			Args:          os.Args[1:],
			Stdin:         os.Stdin,
			Stdout:        os.Stdout,
			Stderr:        os.Stderr,
			Environ:       os.Environ(),
			ExampleConfig: example,
			TestProvider:  providerOf(os.Getenv(natureVariable)),
		}))
	}})
}

// TestScripts runs testdata/script/*.txt, in which penstock is the whole
// command as a process of its own. The command `code N COMMAND...` wants it to
// exit with N.
func TestScripts(t *testing.T) {
	t.Parallel()
	example, err := filepath.Abs(filepath.Join("..", "..", "config.example.toml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, some := "testdata/script", []string(nil)
	if watched && testing.Short() { // those in which a server has much to do at one time
		dir, some = "", []string{"testdata/script/daemon.txt", "testdata/script/payout.txt", "testdata/script/webhook.txt"}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               some,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(exampleVariable, example)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": wantCode, "shares": sharesOf, "take": take},
	})
}
