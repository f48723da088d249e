// Package cli is the command line, and the one place where all of penstock is
// wired together. Each verb is a file of its own, verb_<name>.go, with one
// function that returns its command; verbs lists them. What is printed on
// standard output is data, everything else goes to standard error, and the
// exit code says what a script has to know.
//
// The package decides nothing about money and keeps nothing: after a crash
// there is nothing here to recover.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"penstock/engine/connector"
)

// Exit codes.
const (
	ExitDone    = 0
	ExitFailed  = 1 // the act failed; nothing is in doubt
	ExitUsage   = 2 // the call or the configuration is wrong; nothing was tried
	ExitRefused = 3 // refused by policy
	ExitUnknown = 4 // the outcome is not known: do not repeat blindly
)

// Env is what the process gives to the command line. Every field but the last
// is wanted.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // KEY=value, as of os.Environ
	ExampleConfig  []byte   // config.example.toml
	// TestProvider builds connectors to a test provider that is a process of its
	// own; nil: sandbox.HTTP. A test that lets it be of another nature gives one.
	TestProvider func(http.RoundTripper) connector.Builder
}

// Getenv returns the value of a variable, empty when it is not set.
func (e Env) Getenv(name string) string { return lookup(e.Environ, name) }

// verbs lists every verb, in the order of help.
func verbs(env Env) []*cobra.Command {
	return []*cobra.Command{
		verbDemo(env),
		verbInit(env),
		verbSandbox(env),
		verbServe(env),
		verbStatus(env),
		verbMerchant(env),
		verbOperator(env),
		verbRole(env),
		verbAPIKey(env),
		verbPayout(env),
		verbWebhook(env),
		verbBrand(env),
		verbConnector(env),
		verbRoute(env),
		verbDeposit(env),
		verbReconcile(env),
		verbCheck(env),
		verbDoctor(env),
		verbAudit(env),
		verbBackup(env),
		verbRestore(env),
		verbRelease(env),
		verbArchive(env),
		verbUnseal(env),
		verbCustodians(env),
		verbRekey(env),
		verbBench(env),
		verbProve(env),
		verbCompletion(env),
		verbMan(env),
		verbVersion(env),
	}
}

// groups are the tasks under which help lists the verbs.
func groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: groupTry, Title: "Try it"},
		{ID: groupRun, Title: "Run it"},
		{ID: groupPay, Title: "Pay and watch"},
		{ID: groupDoubt, Title: "Doubt it"},
		{ID: groupKeep, Title: "Keep it"},
	}
}

const (
	groupTry   = "try"
	groupRun   = "run"
	groupPay   = "pay"
	groupDoubt = "doubt"
	groupKeep  = "keep"
)

// Main runs one command and returns the exit code. SIGINT and SIGTERM end the
// command's context; a second one kills.
func Main(env Env) int {
	if err := forbidDumps(); err != nil {
		fmt.Fprintf(env.Stderr, "penstock: note: %v\n", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, newRoot(env), env.Stderr)
}

func execute(ctx context.Context, root *cobra.Command, stderr io.Writer) int {
	var ran bool
	prepare(root, &ran)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitDone
	}
	if !ran {
		err = usage(err)
	}
	report(stderr, cmd, err)
	return exitCode(err)
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "penstock",
		Short: "Payouts appliance: a locker, an API, routing, workers, in one binary",
		Example: `  penstock demo                                    # the main job, on this machine, without set-up
  penstock init pay                                # a place to run from, with its first key
  penstock serve --config pay/config.toml          # and the service
  penstock payout list --config pay/config.toml   # what was paid, and what waits
  penstock doctor --config pay/config.toml         # what is wrong here, and the line that mends it`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(append([]string{}, env.Args...)) // never nil: nil makes cobra read os.Args
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.AddGroup(groups()...)
	root.AddCommand(verbs(env)...)
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommandGroupID(groupKeep)
	return root
}

// configFlag gives a verb the flag that names its configuration; what is
// stored is for LoadConfig, which knows the variable that stands in for it.
func configFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("config", "", "configuration `FILE` (or set "+ConfigVariable+")")
	completes(cmd, "config", "toml")
	return file
}

// completes tells shells that a flag's value is a file of the extension.
func completes(cmd *cobra.Command, flag, extension string) {
	if err := cmd.MarkFlagFilename(flag, extension); err != nil {
		panic(err) // a flag of that name doesn't exist: a mistake in the program
	}
}

// prepare walks the commands. It notes in ran that a verb itself began, since
// all that goes wrong before is wrong usage; and it makes a verb that only
// groups others refuse a word that none of them is, where cobra would print
// help and exit with 0.
func prepare(cmd *cobra.Command, ran *bool) {
	for _, sub := range cmd.Commands() {
		prepare(sub, ran)
	}
	cmd.DisableFlagsInUseLine = true // Use names those that matter
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			*ran = true
			return run(c, args)
		}
		return
	}
	if !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
		case c.HasParent():
			return c.Help()
		default:
			return greet(c)
		}
		return unknownWord(c, args[0])
	}
}

func unknownWord(c *cobra.Command, word string) error {
	err := fmt.Errorf("unknown command %q", clip(word))
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return withNext(err, "did you mean: "+c.CommandPath()+" "+strings.Join(near, ", "))
	}
	return err
}

// codedError is an error with the exit code that it means.
type codedError struct {
	err  error
	code int
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usage marks err as wrong usage.
func usage(err error) error { return &codedError{err, ExitUsage} }

// refused marks err as a refusal by policy.
func refused(err error) error { return &codedError{err, ExitRefused} }

// unknownOutcome marks err as the end of an act of which nobody can say
// whether it took place.
func unknownOutcome(err error) error { return &codedError{err, ExitUnknown} }

// nextError is an error with what a person can do about it.
type nextError struct {
	err  error
	next string
}

func (e *nextError) Error() string { return e.err.Error() }
func (e *nextError) Unwrap() error { return e.err }

// withNext adds to err what to do next, in a line.
func withNext(err error, next string) error { return &nextError{err, next} }

// exitCode is the code that err stands for. A configuration that can't be
// used is wrong usage, so that a supervisor does not start it over and over.
func exitCode(err error) int {
	var coded *codedError
	var config *ConfigError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &config), errors.Is(err, errNoConfig):
		return ExitUsage
	}
	return ExitFailed
}

// report prints what happened, in which verb, and what to do next.
func report(w io.Writer, cmd *cobra.Command, err error) {
	path := "penstock"
	if cmd != nil {
		path = cmd.CommandPath()
	}
	// cobra appends its own suggestions and help after a blank line.
	text, _, _ := strings.Cut(err.Error(), "\n\n")
	fmt.Fprintf(w, "%s: %s\n", path, text)
	var next *nextError
	switch {
	case errors.As(err, &next):
		fmt.Fprintf(w, "  next: %s\n", next.next)
	case exitCode(err) == ExitUsage && !errors.As(err, new(*ConfigError)):
		fmt.Fprintf(w, "  next: %s --help\n", path)
	case exitCode(err) == ExitUnknown:
		fmt.Fprintf(w, "  next: find out what became of it before repeating it\n")
	}
}
