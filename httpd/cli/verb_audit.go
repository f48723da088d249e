package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbAudit(env Env) *cobra.Command {
	return group("audit", "Read the audit log and verify its chain", groupDoubt,
		"  penstock audit verify", auditVerify(env), auditList(env))
}

func auditVerify(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Verify that each line of the audit log follows from the one before",
		Args:    cobra.NoArgs,
		Example: "  penstock audit verify --config pay/config.toml    # exit code 1 if the chain is broken",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var broken error
		err := ask(r, func(c *client.Client) (client.Verified, error) {
			v, err := c.VerifyAudit(cmd.Context())
			if err == nil && !v.Sound {
				broken = errors.New(v.Finding)
			}
			return v, err
		}, func(v client.Verified) error {
			if v.Sound {
				fmt.Fprintf(env.Stdout, "%s, each follows from the one before\n", plural(int(v.Lines), "line"))
			}
			return nil
		})
		return errors.Join(err, broken)
	}
	return cmd
}

func auditList(env Env) *cobra.Command {
	var before uint64
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List who did what, newest first",
		Args:    cobra.NoArgs,
		Example: "  penstock audit list --limit 100 --config pay/config.toml",
	}
	cmd.Flags().Uint64Var(&before, "before", 0, "lines before the one of this `NUMBER`")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most `N`, up to 1000")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Act], error) { return c.Acts(cmd.Context(), before, limit) }, func(p client.Page[client.Act]) error {
			rows := make([][]string, len(p.Data))
			for i, a := range p.Data {
				scope := a.Merchant
				if a.Mode != "" && a.Merchant != "" {
					scope += " " + a.Mode
				}
				rows[i] = []string{fmt.Sprint(a.Seq), when(a.At), a.Actor, scope, a.Action, a.Object, a.Note}
			}
			moreNote(env, p.More, "--before the last number")
			return printTable(env, []string{"N", "WHEN", "WHO", "MERCHANT", "DID", "TO", "NOTE"}, rows)
		})
	}
	return cmd
}
