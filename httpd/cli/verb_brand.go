package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbBrand(env Env) *cobra.Command {
	var b client.Brand
	var logo string
	radius := -1
	cmd := &cobra.Command{
		Use:     "brand [--name N] [--accent #RRGGBB] [--logo FILE] [--merchant M]",
		Short:   "Say how the recipient's page looks",
		GroupID: groupPay,
		Args:    cobra.NoArgs,
		Long: `Sets the brand of a payout point: the name of who pays, a logo, and colours. It
replaces the one that was there; what is left out is the page's own. A brand whose
ink or accent can't be read well on its paper (4.5 to 1) is refused.`,
		Example: `  penstock brand --name "Nordwind Outdoor" --accent '#0b6b4f' --accent-dark '#7bd3a2' --logo logo.png --config pay/config.toml
  penstock brand --mode live --merchant shop --name Shop --radius 4 --serif`,
	}
	scope := scopeFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&b.Point, "point", "", "`ID` of the payout point (default the merchant's)")
	f.StringVar(&b.Name, "name", "", "`NAME` of who pays, as recipients know them")
	f.StringVar(&b.Light.Accent, "accent", "", "`COLOUR` of buttons and links, such as #2b59c3")
	f.StringVar(&b.Light.Paper, "paper", "", "`COLOUR` of what is written on")
	f.StringVar(&b.Light.Ink, "ink", "", "`COLOUR` of what is written")
	f.StringVar(&b.Dark.Accent, "accent-dark", "", "`COLOUR` of buttons and links where people prefer dark pages")
	f.StringVar(&b.Dark.Paper, "paper-dark", "", "`COLOUR` of what is written on there")
	f.StringVar(&b.Dark.Ink, "ink-dark", "", "`COLOUR` of what is written there")
	f.IntVar(&radius, "radius", -1, "`PIXELS` of corners, 0 to 24 (default the page's own)")
	f.BoolVar(&b.Serif, "serif", false, "letters with serifs")
	f.StringVar(&logo, "logo", "", "`FILE` of a PNG or JPEG of at most 200 KiB")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b.Merchant, b.Mode = scope.Merchant, scope.Mode
		if radius >= 0 {
			b.Radius = &radius
		}
		if logo != "" {
			raw, err := os.ReadFile(logo)
			if err != nil {
				return usage(fmt.Errorf("read the logo: %w", err))
			}
			b.Logo = raw
		}
		return ask(r, func(c *client.Client) (struct{}, error) { return struct{}{}, c.SetBrand(cmd.Context(), b) }, func(struct{}) error {
			fmt.Fprintln(env.Stdout, "The page looks so from now on.")
			return nil
		})
	}
	return cmd
}
