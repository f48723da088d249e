package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryVerbExplainsItself holds all verbs to one grammar of help.
func TestEveryVerbExplainsItself(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			path := sub.CommandPath()
			if sub.Short == "" || strings.HasSuffix(sub.Short, ".") {
				t.Errorf("%s: short help %q, want one line without a full stop", path, sub.Short)
			}
			if !strings.Contains(sub.Example, "penstock "+strings.TrimPrefix(path, "penstock ")) {
				t.Errorf("%s: its help shows no example of it", path)
			}
			if cmd.Parent() == nil && sub.GroupID == "" {
				t.Errorf("%s belongs to no task", path)
			}
			if sub.Run != nil || sub.RunE == nil && !sub.HasSubCommands() {
				t.Errorf("%s: wants RunE, whose error becomes the exit code", path)
			}
			walk(sub)
		}
	}
	walk(newRoot(Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)}))
}

// TestTheNameAloneShowsEightVerbsByTask: whoever knows nothing is not given a
// list of everything.
func TestTheNameAloneShowsEightVerbsByTask(t *testing.T) {
	var out bytes.Buffer
	if code := Main(Env{Args: nil, Stdout: &out, Stderr: &out}); code != ExitDone {
		t.Fatalf("exit code %d", code)
	}
	if n := strings.Count(out.String(), "\n  penstock "); n != len(firstVerbs) || strings.Count(out.String(), ":\n") != 4 || !strings.Contains(out.String(), "penstock --help") {
		t.Errorf("%d verbs:\n%s", n, &out)
	}
	root := newRoot(Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)})
	if n := strings.Count(root.Example, "# "); n != 5 {
		t.Errorf("%d examples with a reason", n)
	}
}

// groupTree is a root with a group of verbs, as `penstock payout show` has.
func groupTree(run func() error) *cobra.Command {
	root := newRoot(Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)})
	group := &cobra.Command{Use: "parcel"}
	show := &cobra.Command{Use: "show ID", Args: cobra.ExactArgs(1), RunE: func(*cobra.Command, []string) error { return run() }}
	show.Flags().String("merchant", "", "")
	if err := show.MarkFlagRequired("merchant"); err != nil {
		panic(err)
	}
	group.AddCommand(show)
	root.AddCommand(group)
	return root
}

func TestExitCodeSaysWhatAScriptMustKnow(t *testing.T) {
	good := []string{"parcel", "show", "po_1", "--merchant", "m"}
	rows := []struct {
		name string
		args []string
		err  error
		want int
	}{
		{"done", good, nil, ExitDone},
		{"failed", good, errors.New("no such payout"), ExitFailed},
		{"usage found by the verb", good, fmt.Errorf("x: %w", usage(errors.New("bad id"))), ExitUsage},
		{"configuration", good, fmt.Errorf("x: %w", &ConfigError{}), ExitUsage},
		{"refused", good, withNext(refused(errors.New("two must approve")), "ask"), ExitRefused},
		{"unknown", good, unknownOutcome(errors.New("the daemon went away")), ExitUnknown},
		{"argument missing", []string{"parcel", "show"}, nil, ExitUsage},
		{"flag missing", []string{"parcel", "show", "po_1"}, nil, ExitUsage},
		{"unknown word in a group", []string{"parcel", "shwo"}, nil, ExitUsage},
		{"group alone", []string{"parcel"}, nil, ExitDone},
	}
	for _, row := range rows {
		root := groupTree(func() error { return row.err })
		root.SetArgs(row.args)
		var stderr bytes.Buffer
		got := execute(t.Context(), root, &stderr)
		if got != row.want {
			t.Errorf("%s: exit code %d, want %d (%s)", row.name, got, row.want, stderr.String())
		}
		if (got == ExitDone) != (stderr.Len() == 0) {
			t.Errorf("%s: exit code %d with %q on standard error", row.name, got, stderr.String())
		}
		if got == ExitUnknown && !strings.Contains(stderr.String(), "next: ") {
			t.Errorf("%s: nobody is told to look before repeating: %q", row.name, stderr.String())
		}
	}
}

func TestUnknownWordInAGroupHasASuggestion(t *testing.T) {
	root := groupTree(func() error { return nil })
	root.SetArgs([]string{"parcel", "shwo"})
	var stderr bytes.Buffer
	execute(t.Context(), root, &stderr)
	if want := "did you mean: penstock parcel show"; !strings.Contains(stderr.String(), want) {
		t.Errorf("got %q, want %q in it", stderr.String(), want)
	}
}

// TestVerbWithoutAConfigurationSaysHowToNameOne runs what every verb that
// speaks to a daemon begins with.
func TestVerbWithoutAConfigurationSaysHowToNameOne(t *testing.T) {
	root := newRoot(Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)})
	verb := &cobra.Command{Use: "look"}
	file := configFlag(verb)
	verb.RunE = func(*cobra.Command, []string) error {
		_, _, err := LoadConfig(*file, nil)
		return err
	}
	root.AddCommand(verb)
	for _, row := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"look"}, "next: give --config FILE or set PENSTOCK_CONFIG", ExitUsage},
		{[]string{"look", "--config", "/nowhere.toml"}, "open /nowhere.toml: no such file or directory", ExitFailed},
	} {
		root.SetArgs(row.args)
		var stderr bytes.Buffer
		if code := execute(t.Context(), root, &stderr); code != row.code || !strings.Contains(stderr.String(), row.want) {
			t.Errorf("%q: exit code %d with %q, want %d with %q", row.args, code, stderr.String(), row.code, row.want)
		}
	}
}
