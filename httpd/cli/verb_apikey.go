package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbAPIKey(env Env) *cobra.Command {
	return group("apikey", "Make, list and revoke API keys", groupPay,
		"  penstock apikey create --mode test --scope payouts,customers", apikeyCreate(env), apikeyList(env), apikeyRevoke(env))
}

func apikeyCreate(env Env) *cobra.Command {
	var n client.NewKey
	var life, linkLife Duration
	var token bool
	var t client.Token
	cmd := &cobra.Command{
		Use:   "create --mode test|live --scope SCOPE,... [--merchant M]",
		Short: "Make an API key; it is shown this once",
		Args:  cobra.NoArgs,
		Long: `Makes a secret key and its publishable companion, and shows them this once.
Scopes: payouts, payins, customers, webhooks, admin, or all. A key's mode decides
whether it pays play money or real money. With --token it is a bearer token of the
hosted dialect, tk_test_... or tk_live_...: it serves every dialect as other keys do,
and a copy of it stays sealed, since it signs the webhooks of its payments. The first live key is refused while
the master key lies beside the store.`,
		Example: `  penstock apikey create --mode test --scope payouts,customers --config pay/config.toml
  penstock apikey create --mode test --scope all --merchant shop --json | jq -r .api_key
  penstock apikey create --mode test --scope payouts --token --origin https://shop.example
  penstock apikey create --mode live --scope payouts --name 'payroll' --expires 90d --allow 192.0.2.0/24`,
	}
	f := cmd.Flags()
	f.StringVar(&n.Merchant, "merchant", firstMerchant, "`ID` of the merchant")
	f.StringVar(&n.Mode, "mode", "", "`MODE`, test or live")
	f.StringSliceVar(&n.Scopes, "scope", nil, "`SCOPES`, separated by commas: payouts, payins, customers, webhooks, admin, or all")
	f.StringVar(&n.Name, "name", "", "`NAME` for people")
	f.StringSliceVar(&n.Allow, "allow", nil, "`ADDRESSES` and ranges that the key is taken from, separated by commas (default any)")
	f.TextVar(&life, "expires", Duration{}, "`SPAN` after which it ends by itself, such as 90d (default never)")
	f.BoolVar(&token, "token", false, "make a bearer token of the hosted dialect")
	f.StringVar(&t.Point, "point", "", "`ID` of the payout point of the token's payments (default the merchant's)")
	f.BoolVar(&t.RequireName, "require-name", false, "the token's payments need an externalId or an Idempotency-Key each")
	f.StringSliceVar(&t.Origins, "origin", nil, "`ORIGINS` that may embed the page of the token's payments, separated by commas")
	f.TextVar(&linkLife, "link-ttl", Duration{}, "`SPAN` that a link to the page lives, 15m to 90d (default hosted.link_ttl)")
	r := asking(env, cmd)
	mustFlags(cmd, "mode", "scope")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		n.Seconds, t.LinkSeconds = int64(life.D()/time.Second), int64(linkLife.D()/time.Second)
		switch {
		case token:
			n.Token = &t
			if n.Mode == "live" && !t.RequireName {
				fmt.Fprintln(env.Stderr, "Payments of this token need no externalId and no Idempotency-Key. Their bodies name no recipient: two equal ones within hosted.body_dedupe_window are one payment, and its link goes to both. Make it with --require-name to have that refused.")
			}
		case t.Point != "" || t.RequireName || len(t.Origins) > 0 || t.LinkSeconds > 0:
			return usage(errors.New("--point, --require-name, --origin and --link-ttl are of a --token"))
		}
		return ask(r, func(c *client.Client) (client.MadeKey, error) { return c.CreateKey(cmd.Context(), n) }, func(k client.MadeKey) error {
			printPairs(env, []pair{{"Key id", k.ID}, {"API key", k.Secret}, {"Publishable key", k.Publishable}})
			fmt.Fprintln(env.Stderr, "The key is not shown again.")
			return nil
		})
	}
	return cmd
}

func apikeyList(env Env) *cobra.Command {
	var merchant string
	cmd := &cobra.Command{
		Use:     "list [--merchant M]",
		Short:   "List API keys, without their secrets",
		Args:    cobra.NoArgs,
		Example: "  penstock apikey list --merchant default --config pay/config.toml",
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "`ID` of the merchant (default all)")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Key], error) { return c.Keys(cmd.Context(), merchant) }, func(p client.Page[client.Key]) error {
			rows := make([][]string, len(p.Data))
			for i, k := range p.Data {
				rows[i] = []string{k.ID, k.Merchant, k.Mode, keyState(k), k.Prefix + "...", strings.Join(k.Scopes, ","), k.Name}
			}
			return printTable(env, []string{"KEY ID", "MERCHANT", "MODE", "STATE", "BEGINS", "SCOPES", "NAME"}, rows)
		})
	}
	return cmd
}

func keyState(k client.Key) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Expires.IsZero() && time.Now().After(k.Expires):
		return "expired"
	case k.Publishable:
		return "publishable"
	}
	return "secret"
}

func apikeyRevoke(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke KEY_ID",
		Short:   "End an API key at once",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock apikey revoke apik_01m7yd36spsb257v8awpzx2d01 --config pay/config.toml",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Key, error) { return c.RevokeKey(cmd.Context(), args[0]) }, func(k client.Key) error {
			printPairs(env, []pair{{"Key id", k.ID}, {"Revoked", when(k.Revoked)}})
			return nil
		})
	}
	return cmd
}

// mustFlags marks flags that can't be left out.
func mustFlags(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag of that name doesn't exist: a mistake in the program
		}
	}
}
