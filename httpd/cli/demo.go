package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"penstock/httpd/client"
)

// demo is an appliance on a temporary directory, with a receiver of webhooks
// beside it, and a merchant who does the main job.
type demo struct {
	env      Env
	dir      string
	made     made
	daemon   *daemon
	receiver *receiver
	api      *caller
	operator *client.Client

	customer, method, token, payout string
	account                         string // at the test provider
	password                        string // of the dashboard
	bearer, page                    string // a bearer token, and a page of a payment of its
}

// demoPatience is how long each step of the demo may take.
const demoPatience = 15 * time.Second

// runDemo starts everything, walks the main job, and then stays until ctx
// ends, unless it is for once. Whatever it made is gone afterwards.
func runDemo(ctx context.Context, env Env, once bool) (err error) {
	dir, err := os.MkdirTemp("", "penstock-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{env: quietEnv(env), dir: dir}
	if err := d.open(ctx); err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- d.receiver.serve(run) }()
	go func() { ended <- d.daemon.run(run, func() {}) }()
	err = d.walk(run)
	if err == nil && !once {
		d.invite()
		select {
		case <-ctx.Done():
		case early := <-ended:
			ended <- early
		}
	}
	stop()
	return errors.Join(err, <-ended, <-ended)
}

// quietEnv is the environment without what would configure another appliance.
func quietEnv(env Env) Env {
	var rest []string
	for _, e := range env.Environ {
		if !strings.HasPrefix(e, "PENSTOCK_") {
			rest = append(rest, e)
		}
	}
	env.Environ = rest
	return env
}

// open makes the appliance, at port 8080 if that is free.
func (d *demo) open(ctx context.Context) (err error) {
	home := filepath.Join(d.dir, "pay")
	if d.made, err = initialise(ctx, d.env, home, "", "owner@localhost"); err != nil {
		return err
	}
	cfg, _, err := LoadConfig(d.made.Config, d.env.Environ)
	if err != nil {
		return err
	}
	if d.receiver, err = newReceiver("127.0.0.1:0"); err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	cfg.Egress.Allow = []string{d.receiver.address()}
	cfg.Log.Level = "error"
	cfg.Store.MinFree = 1 << 20
	d.daemon, err = newDaemon(ctx, d.env, cfg)
	if errors.Is(err, syscall.EADDRINUSE) {
		cfg.Server.Listen = "127.0.0.1:0"
		d.daemon, err = newDaemon(ctx, d.env, cfg)
	}
	if err != nil {
		return errors.Join(err, d.receiver.listen.Close())
	}
	d.api = newCaller(d.daemon.cfg.PublicURL(), d.made.Key)
	d.operator = client.New(d.daemon.cfg.SocketPath())
	return nil
}

// walk does the main job through the public API, a line for each step.
func (d *demo) walk(ctx context.Context) error {
	fmt.Fprintf(d.env.Stdout, "penstock %s demo: nothing leaves this machine, play money, data in %s until it ends\n\n", readVersion().Version, d.dir)
	for i, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"webhooks", d.listen}, {"dashboard", d.enter}, {"customer", d.makeCustomer}, {"save", d.saveMethod}, {"list", d.listMethods},
		{"pay", d.pay}, {"poll", d.poll}, {"told", d.told}, {"books", d.books}, {"link", d.link}, {"check", d.check},
	} {
		limited, cancel := context.WithTimeout(ctx, demoPatience)
		said, err := step.do(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.name, err)
		}
		fmt.Fprintf(d.env.Stdout, "  %2d  %-9s %s\n", i+1, step.name, said)
	}
	return nil
}

func (d *demo) listen(ctx context.Context) (string, error) {
	at := "http://" + d.receiver.address() + "/inbox"
	made, err := d.operator.AddEndpoint(ctx, client.Scope{Merchant: firstMerchant, Mode: "test"}, at, "rest", nil)
	if err != nil {
		return "", err
	}
	return "a receiver at " + at, d.receiver.trust(made.Secret, made.HashKey)
}

// enter follows the one-time link as a browser does.
func (d *demo) enter(ctx context.Context) (string, error) {
	var err error
	if d.password, err = demoPassword(); err != nil {
		return "", err
	}
	at, err := url.Parse(d.made.Operator.SetupURL)
	if err != nil {
		return "", fmt.Errorf("read the one-time link: %w", err)
	}
	link := d.api.base + at.Path // where init thought it would serve, it may not
	if err := setUp(ctx, link, "The owner", d.password); err != nil {
		return "", err
	}
	return d.made.Operator.Email + " set a password by the one-time link", nil
}

func (d *demo) makeCustomer(ctx context.Context) (string, error) {
	var out struct {
		ID   string `json:"customer_id"`
		Name string `json:"name"`
	}
	err := d.api.do(ctx, "POST", "/customers", map[string]string{"customer_id": "ada", "name": "Ada Example", "email": "ada@example.com"}, &out)
	d.customer = out.ID
	return fmt.Sprintf("%s, %s", out.ID, out.Name), err
}

func (d *demo) saveMethod(ctx context.Context) (string, error) {
	var out struct {
		ID   string            `json:"payment_method_id"`
		Bank map[string]string `json:"bank_transfer"`
	}
	err := d.api.do(ctx, "POST", "/payment_methods", map[string]any{
		"customer_id": d.customer, "payment_method": "bank_transfer", "payment_method_type": "sepa",
		"bank_transfer": map[string]string{"iban": "NL69TEST0000000001"},
	}, &out)
	d.method = out.ID
	return fmt.Sprintf("%s, sealed in the locker; shown as %s", out.ID, out.Bank["iban"]), err
}

func (d *demo) listMethods(ctx context.Context) (string, error) {
	var out struct {
		Methods []struct {
			Token string `json:"payment_token"`
			ID    string `json:"payment_method_id"`
		} `json:"customer_payment_methods"`
	}
	if err := d.api.do(ctx, "GET", "/customers/"+url.PathEscape(d.customer)+"/payment_methods", nil, &out); err != nil {
		return "", err
	}
	if len(out.Methods) != 1 || out.Methods[0].ID != d.method {
		return "", fmt.Errorf("the list has %d methods, want the one that was saved", len(out.Methods))
	}
	d.token = out.Methods[0].Token
	return fmt.Sprintf("its payment_token is %s... for 15 minutes", d.token[:min(len(d.token), 24)]), nil
}

// payoutAnswer is what the demo reads of a payout.
type payoutAnswer struct {
	ID        string `json:"payout_id"`
	Status    string `json:"status"`
	Connector string `json:"connector"`
	Error     string `json:"error_message"`
}

func (d *demo) pay(ctx context.Context) (string, error) {
	var out payoutAnswer
	err := d.api.do(ctx, "POST", "/payouts/create", map[string]any{
		"amount": 1250, "currency": "EUR", "customer_id": d.customer, "payout_type": "bank", "payout_token": d.token, "confirm": true, "auto_fulfill": true,
	}, &out)
	d.payout = out.ID
	return fmt.Sprintf("%s, EUR 12.50 by %s: %s", out.ID, out.Connector, out.Status), err
}

func (d *demo) poll(ctx context.Context) (string, error) {
	began := time.Now()
	for {
		var out payoutAnswer
		if err := d.api.do(ctx, "GET", "/payouts/"+d.payout, nil, &out); err != nil {
			return "", err
		}
		switch out.Status {
		case "success":
			return fmt.Sprintf("%s after %.1f s", out.Status, time.Since(began).Seconds()), nil
		case "failed", "cancelled", "expired", "reversed":
			return "", fmt.Errorf("the payout ended %s (%s), want success", out.Status, out.Error)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("the payout is still %s: %w", out.Status, ctx.Err())
		}
	}
}

func (d *demo) told(ctx context.Context) (string, error) {
	for {
		select {
		case got := <-d.receiver.got:
			if got.Problem != nil {
				return "", got.Problem
			}
			if got.Payout == d.payout && got.Type == "payout_success" {
				return got.Type + " arrived, signatures right (webhook-signature, X-Webhook-Signature-512)", nil
			}
		case <-ctx.Done():
			return "", fmt.Errorf("no webhook told of the success: %w", ctx.Err())
		}
	}
}

// books holds the provider's report and balances against ours.
func (d *demo) books(ctx context.Context) (string, error) {
	scope := client.Scope{Merchant: firstMerchant, Mode: "test"}
	accounts, err := d.operator.Accounts(ctx, scope)
	if err != nil {
		return "", err
	}
	if len(accounts.Data) == 0 {
		return "", errors.New("there is no provider account")
	}
	d.account = accounts.Data[0].ID
	if _, err := d.operator.PullReports(ctx, scope, d.account); err != nil {
		return "", err
	}
	found, err := d.operator.Books(ctx, scope, d.account, client.BooksQuery{})
	if err != nil {
		return "", err
	}
	balances, err := d.operator.PullBalances(ctx, scope, d.account)
	if err != nil {
		return "", err
	}
	for _, b := range balances.Data {
		if strings.Trim(b.Difference, "0.") != "" {
			return "", fmt.Errorf("the provider says %s %s, our ledger %s", b.Currency, b.Theirs, b.Available)
		}
	}
	if found.Counts["matched"] != 1 || len(found.Findings) > 0 || len(balances.Data) == 0 {
		return "", fmt.Errorf("the provider's report differs from our books: %v", found.Counts)
	}
	return fmt.Sprintf("the provider's report has it too, and its %s are ours", plural(len(balances.Data), "balance")), nil
}

// link makes a payout whose recipient says where the money goes.
func (d *demo) link(ctx context.Context) (string, error) {
	token, err := d.operator.CreateKey(ctx, client.NewKey{Merchant: firstMerchant, Mode: "test", Scopes: []string{"payouts"}, Name: "demo", Token: &client.Token{}})
	if err != nil {
		return "", err
	}
	d.bearer = token.Secret
	var out struct{ ID, URL string }
	err = newCaller(d.api.base, "Bearer "+token.Secret).do(ctx, "POST", "/api/payments", map[string]any{"amount": "25.00", "currency": "EUR", "type": "payout", "externalId": "demo-1", "description": "Order #1456", "customer": map[string]string{"name": "Ada Example"}}, &out)
	if err != nil {
		return "", err
	}
	d.page = out.URL
	return out.ID + ", EUR 25.00: the recipient fills in the page at its url", nil
}

func (d *demo) check(ctx context.Context) (string, error) {
	found, err := d.operator.Check(ctx, nil)
	if err != nil {
		return "", err
	}
	if len(found.Findings) > 0 {
		return "", fmt.Errorf("%d findings, the first: %s", len(found.Findings)+found.More, found.Findings[0])
	}
	return fmt.Sprintf("%s looked at, every invariant holds", plural(total(found.Counts), "record")), nil
}

// invite says what to try next.
func (d *demo) invite() {
	fmt.Fprintf(d.env.Stdout, `
  Dashboard %[1]s/dashboard
  Log-in    %[5]s with the password %[6]s

  API       %[1]s
  Key       %[2]s
  Page      %[7]s
            (of a payment made with the token %[8]s)
  Health    %[1]s/health   (and /ready, /metrics)

Try it in another terminal:

  export KEY=%[2]s
  curl -s %[1]s/payouts/%[3]s -H "api-key: $KEY"
  curl -s %[1]s/customers/ada/payment_methods -H "api-key: $KEY"
  curl -s %[1]s/payouts/create -H "api-key: $KEY" -H 'content-type: application/json' -H 'idempotency-key: mine-1' \
    -d '{"amount":700,"currency":"EUR","customer_id":"ada","payout_method_id":"%[4]s","payout_type":"bank","confirm":true,"auto_fulfill":true}'

The last one may be repeated: the same key pays once. What the provider has reported, beside our books:

  penstock reconcile %[9]s --pull --all --config %[10]s

^C ends the demo and removes its data. For real: penstock init DIR
`, d.api.base, d.made.Key, d.payout, d.method, d.made.Operator.Email, d.password, d.page, d.bearer, d.account, d.made.Config)
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
