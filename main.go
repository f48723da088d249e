// Command penstock is a payouts appliance in one binary: a locker for cards
// and bank accounts, an API that pays them out, routing over several
// providers, and the workers that follow every payout to its end.
//
//	penstock demo            # the main job, on this machine, without set-up
//	penstock init DIR        # a place to run from
//	penstock serve --config DIR/config.toml
package main

import (
	_ "embed"
	"os"

	"penstock/httpd/cli"
)

//go:embed config.example.toml
var exampleConfig []byte

func main() {
	os.Exit(cli.Main(cli.Env{
		Args:          os.Args[1:],
		Stdin:         os.Stdin,
		Stdout:        os.Stdout,
		Stderr:        os.Stderr,
		Environ:       os.Environ(),
		ExampleConfig: exampleConfig,
	}))
}
