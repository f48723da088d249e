package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"penstock/engine/connector/declarative"
	"penstock/engine/connector/formtest"
)

func connectorTest(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test FILE|NAME",
		Short: "Hold a provider in the form of a file to the contract",
		Args:  cobra.ExactArgs(1),
		Long: `Reads a provider in the form of a file (TOML), replays the exchanges that came
with it, and holds it to the contract that every connector keeps: against a
provider that is made from those exchanges, on a socket of this machine, with
cut connections, wrong answers, redirects, secrets that are echoed. Nothing else
is spoken to, and no daemon is needed. NAME is one that ships. What it can't
show is that the provider answers so. Exit code 1 if a promise is broken.`,
		Example: `  penstock connector test connectors/mybank.toml
  penstock connector test paystack --json`,
	}
	jsonFlag(cmd, &asJSON)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		f, err := formAt(args[0])
		if err != nil {
			return err
		}
		return showForm(env, f, formtest.Run(f), asJSON)
	}
	return cmd
}

// formAt is the form in a file, or one that ships.
func formAt(name string) (*declarative.Form, error) {
	f, err := readForm(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	forms, errForms := declarative.Builtin()
	if errForms != nil {
		return nil, errForms
	}
	if shipped, ok := forms[name]; ok {
		return shipped, nil
	}
	return nil, usage(fmt.Errorf("there is no file %s, and no provider of that name ships as a form", name))
}

var errBroken = errors.New("the form breaks the contract")

func showForm(env Env, f *declarative.Form, results []formtest.Result, asJSON bool) error {
	broken := false
	type line struct {
		Promise  string   `json:"promise"`
		Kept     bool     `json:"kept"`
		Problems []string `json:"problems,omitempty"`
	}
	out := struct {
		Provider string `json:"provider"`
		Label    string `json:"label"`
		Preview  bool   `json:"preview"`
		Promises []line `json:"promises"`
	}{Provider: f.Name(), Label: f.Label(), Preview: f.Preview()}
	var rows [][]string
	for _, r := range results {
		kept := len(r.Problems) == 0
		broken = broken || !kept
		problems := r.Problems
		if len(problems) > 10 {
			problems = append(problems[:10:10], fmt.Sprintf("and %d more", len(problems)-10))
		}
		out.Promises = append(out.Promises, line{r.Name, kept, problems})
		state := "kept"
		if !kept {
			state = "BROKEN"
		}
		rows = append(rows, []string{r.Name, state, strings.Join(problems, "; ")})
	}
	if asJSON {
		if err := printJSON(env, out); err != nil {
			return err
		}
	} else if err := printTable(env, []string{"PROMISE", "STATE", "PROBLEMS"}, rows); err != nil {
		return err
	}
	if broken {
		return errBroken
	}
	return nil
}
