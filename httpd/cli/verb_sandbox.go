package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"penstock/engine/connector/sandbox"
)

func verbSandbox(env Env) *cobra.Command {
	var listen, data string
	var directory []string
	cmd := &cobra.Command{
		Use:     "sandbox --listen HOST:PORT [--data DIR] [--directory FILE]",
		Short:   "Run the test provider as a process of its own",
		GroupID: groupTry,
		Args:    cobra.NoArgs,
		Long: `A payout provider with its own ledger, for tests that kill one side: it moves play
money, and misbehaves as it is told (PUT /v1/faults). With --data it forgets
nothing when it is killed; without, everything ends with it.

  POST /v1/transfers           an order: {"key","amount":"12.50","currency","service","fields":{...}}
  GET  /v1/transfers?key=K     what became of it, or 404
  GET  /v1/ledger              every transfer; movements above 1 is a double payment
  GET  /v1/report?account=A    what moved on an account, for the books; &since=TIME
  GET  /v1/balances?account=A  what is left there of the play money
  PUT  /v1/faults              {"drop_reply":0.1,"late_ms":[0,2000],...}; GET reads them`,
		Example: `  penstock sandbox --listen 127.0.0.1:9090 --data ./provider
  penstock sandbox --data ./provider --directory points.json
  curl -X PUT 127.0.0.1:9090/v1/faults -d '{"drop_reply":0.2,"error_500":0.1,"late_ms":[100,2000]}'
  PENSTOCK_SANDBOX_BASE_URL=http://127.0.0.1:9090 PENSTOCK_EGRESS_ALLOW=127.0.0.1:9090 penstock serve --config c.toml`,
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9090", "`HOST:PORT` to serve on")
	f.StringVar(&data, "data", "", "`DIR` to keep the ledger in (default in memory)")
	f.StringArrayVar(&directory, "directory", nil, "operator's `FILE` whose currencies it knows, as in routing.directory; may be repeated")
	completes(cmd, "directory", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !listenAddress(listen) {
			return usage(fmt.Errorf(`--listen wants HOST:PORT, HOST an address, "localhost" or empty for all; got %q`, clip(listen)))
		}
		if _, err := readDirectory(directory); err != nil {
			return usage(fmt.Errorf("--directory: %w", err))
		}
		if data != "" {
			if err := os.MkdirAll(data, 0o700); err != nil {
				return fmt.Errorf("make %s: %w", data, err)
			}
		}
		s, err := sandbox.NewServer(sandbox.Options{Now: time.Now, Dir: data, Log: newLog(LogConfig{Level: "info", Format: "text"}, env)})
		if err != nil {
			return err
		}
		ln, err := net.Listen("tcp", listen)
		if err != nil {
			return errors.Join(fmt.Errorf("listen at %s: %w", listen, err), s.Close())
		}
		fmt.Fprintf(env.Stderr, "penstock sandbox: ready at http://%s (^C stops)\n", ln.Addr())
		return errors.Join(s.Serve(cmd.Context(), ln), s.Close())
	}
	return cmd
}
