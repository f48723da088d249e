package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"penstock/httpd/client"
	"penstock/locker"
)

func verbUnseal(env Env) *cobra.Command {
	var forget bool
	cmd := &cobra.Command{
		Use:     "unseal",
		Short:   "Give a custodian's share of the master key",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Long: `Gives shares of the master key to a daemon that started sealed (locker.master_key
= "shares"). On a terminal it asks for one share and doesn't show it; otherwise
it reads standard input, one share a line. When enough custodians have given
theirs, the locker opens and the work that waited goes on. Shares are held in the
daemon's memory alone, and are wiped as soon as the locker opens, or is found
not to open with them. Each act is in the audit log; no share is.`,
		Example: `  penstock unseal --config pay/config.toml     # each custodian, one after another
  penstock unseal < my-share                   # without a terminal
  penstock unseal --forget                     # drop what was given so far, and begin again`,
	}
	cmd.Flags().BoolVar(&forget, "forget", false, "have the shares forgotten that were given so far")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Shares, error) {
			if forget {
				return c.ForgetShares(cmd.Context())
			}
			if s, err := c.Status(cmd.Context()); err != nil || !s.Locker.Sealed {
				return client.Shares{}, errors.Join(err, openAlready(err))
			}
			shares, err := askSecrets(env, "Share of the master key: ", 1)
			if err != nil {
				return client.Shares{}, err
			}
			var at client.Shares
			for _, share := range shares {
				if at, err = c.GiveShare(cmd.Context(), share); err != nil || !at.Sealed {
					return at, err
				}
			}
			return at, nil
		}, func(s client.Shares) error {
			switch {
			case forget:
				fmt.Fprintln(env.Stdout, "forgotten")
			case s.Sealed:
				fmt.Fprintf(env.Stdout, "%d of %d shares given\n", s.Given, s.Needed)
			default:
				fmt.Fprintf(env.Stdout, "%d of %d shares given: the locker is open\n", s.Given, s.Needed)
			}
			return nil
		})
	}
	return cmd
}

// openAlready spares a custodian from typing a share that nobody needs.
func openAlready(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("the locker is open already: no share is needed")
}

// askKey asks for shares until there are enough of them.
func askKey(env Env) (locker.MasterKey, error) {
	var q locker.Quorum
	defer q.Forget()
	f, ok := env.Stdin.(*os.File)
	prompting := ok && term.IsTerminal(int(f.Fd()))
	for {
		texts, err := askSecrets(env, "Share of the master key: ", 1)
		if err != nil {
			return locker.MasterKey{}, err
		}
		if err := giveTexts(&q, texts); err != nil {
			return locker.MasterKey{}, err
		}
		given, needed := q.Given()
		if given >= needed || !prompting {
			return q.Master()
		}
		fmt.Fprintf(env.Stderr, "%d of %d shares given\n", given, needed)
	}
}

// maxSecretLines bounds what is read as shares.
const maxSecretLines = 64 << 10

// askSecrets reads n secrets from the terminal without showing them, or else
// every line of standard input.
func askSecrets(env Env, prompt string, n int) ([]string, error) {
	var lines []string
	if f, ok := env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		for i := range n {
			text := prompt
			if n > 1 {
				text = fmt.Sprintf("%s(%d of %d) ", prompt, i+1, n)
			}
			fmt.Fprint(env.Stderr, text)
			line, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(env.Stderr)
			if err != nil {
				return nil, fmt.Errorf("read from the terminal: %w", err)
			}
			lines = append(lines, string(line))
			clear(line)
		}
		return lines, nil
	}
	text, err := io.ReadAll(io.LimitReader(env.Stdin, maxSecretLines))
	defer clear(text)
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	if len(lines) == 0 {
		return nil, usage(errors.New("nothing is on standard input; one secret a line is wanted there"))
	}
	return lines, nil
}
