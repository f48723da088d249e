package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func verbCompletion(env Env) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Print what makes a shell complete penstock's words",
		GroupID:   groupKeep,
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		Long: `Prints a script for the shell: verbs, flags, and the values of some. It asks
penstock itself what fits, so it need not be made anew after an update. bash
wants the package bash-completion.`,
		Example: `  source <(penstock completion bash)           # for this shell
  penstock completion bash | sudo tee /etc/bash_completion.d/penstock >/dev/null
  penstock completion zsh > "${fpath[1]}/_penstock"
  penstock completion fish > ~/.config/fish/completions/penstock.fish`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			switch root := cmd.Root(); args[0] {
			case "bash":
				err = root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				err = root.GenZshCompletion(env.Stdout)
			case "fish":
				err = root.GenFishCompletion(env.Stdout, true)
			}
			if err != nil {
				return fmt.Errorf("print the script: %w", err)
			}
			return nil
		},
	}
}
