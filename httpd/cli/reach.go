package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

// reach returns a client of the daemon that the configuration names. Nothing
// is sent yet, and no secret is read.
func reach(env Env, file string) (*client.Client, error) {
	cfg, _, err := LoadConfig(file, env.Environ)
	if err != nil {
		return nil, err
	}
	return client.New(cfg.SocketPath()), nil
}

// answered turns what the daemon said into an error with its exit code and
// what to do next.
func answered(err error) error {
	var said *client.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, client.ErrNoDaemon):
		return withNext(err, "start it: penstock serve --config FILE")
	case errors.Is(err, client.ErrOutcome):
		return unknownOutcome(err)
	case !errors.As(err, &said):
		return err
	}
	err = errors.New(text(said))
	if said.Hint != "" {
		err = withNext(err, said.Hint)
	}
	return &codedError{err, exitOf(said)}
}

// text is what happened, to which object or field. A message that is a whole
// sentence needs no field before it.
func text(said *client.Error) string {
	switch {
	case said.ID != "":
		return fmt.Sprintf("%s: %s", clip(said.ID), said.Message)
	case said.Field != "" && !strings.Contains(said.Message, said.Field) && ruleAlone(said.Message):
		return fmt.Sprintf("%s %s", clip(said.Field), said.Message)
	}
	return said.Message
}

// ruleAlone says whether a message is a sentence without its subject.
func ruleAlone(message string) bool {
	verb, _, _ := strings.Cut(message, " ")
	return slices.Contains([]string{"must", "has", "is", "and", "or", "wants", "holds", "cannot", "can't", "does", "may", "needs", "belongs"}, verb)
}

// scopeFlags gives a verb the merchant and the mode that it is about.
func scopeFlags(cmd *cobra.Command) *client.Scope {
	s := &client.Scope{}
	cmd.Flags().StringVar(&s.Merchant, "merchant", firstMerchant, "`ID` of the merchant")
	cmd.Flags().StringVar(&s.Mode, "mode", "test", "`MODE`, test or live")
	if err := cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"test", "live"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag was made a line above
	}
	return s
}

// group is a verb that only holds others.
func group(use, short, id, example string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, GroupID: id, Example: example}
	cmd.AddCommand(verbs...)
	return cmd
}

// remote is what a verb that asks the daemon is made of.
type remote struct {
	env  Env
	file *string
	json *bool
}

// asking gives a verb --config and --json.
func asking(env Env, cmd *cobra.Command) remote {
	r := remote{env: env, file: configFlag(cmd), json: new(bool)}
	jsonFlag(cmd, r.json)
	return r
}

// ask runs fn with a client and shows what it returned: as JSON, or by show.
func ask[T any](r remote, fn func(*client.Client) (T, error), show func(T) error) error {
	c, err := reach(r.env, *r.file)
	if err != nil {
		return err
	}
	out, err := fn(c)
	if err != nil {
		return answered(err)
	}
	if *r.json {
		return printJSON(r.env, out)
	}
	return show(out)
}
