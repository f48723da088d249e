package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/adyen"
	"penstock/engine/connector/declarative"
	"penstock/engine/connector/iso20022"
	"penstock/engine/connector/manual"
	"penstock/engine/connector/mobilemoney"
	"penstock/engine/connector/paypal"
	"penstock/engine/connector/sandbox"
	"penstock/engine/connector/stripe"
	"penstock/engine/egress"
)

// testProviders are the names under which the sandbox may be connected in test
// mode, so that an integration written against one of them runs without
// leaving the machine.
func testProviders() []string {
	return []string{engine.SandboxName, "adyen", "adyenplatform", "cybersource", "ebanx", "envoy", "gigadat", "iso20022", "itaubank", "loonio", "mobilemoney", "nomupay",
		"nuvei", "payone", "paypal", "paystack", "stripe", "truelayer", "trustly", "wise", "worldpay", "worldpayxml"}
}

// playedBy is the credential that says who answers an account in test mode:
// the test provider, unless it is "provider", the provider's own test
// environment.
const playedBy = "test_at"

// connectors builds the table of providers: in live mode those that are built
// in or come as a file, in test mode the test provider under every name. A
// person may pay in either.
func (a *appliance) connectors(o opening) (map[string]connector.Builder, error) {
	test, err := a.testProvider(o)
	if err != nil {
		return nil, err
	}
	real, err := providers(connector.Host{
		Transport: egress.Money(a.policy, egress.Options{}), Dial: egress.Connect(a.policy, egress.Options{}), Now: time.Now, Dir: string(o.cfg.Connectors.Files),
	}, string(o.cfg.Connectors.Forms))
	if err != nil {
		return nil, err
	}
	all := map[string]connector.Builder{}
	for _, name := range testProviders() {
		all[name] = onlyTest(test)
	}
	for name, build := range real {
		all[name] = inBoth(test, build)
	}
	all[manual.Provider] = manual.New
	return all, nil
}

// providers are those that money really leaves by.
func providers(host connector.Host, dir string) (map[string]connector.Builder, error) {
	forms, err := allForms(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]connector.Builder{
		adyen.Provider: adyen.New(host), adyen.Platform: adyen.New(host),
		iso20022.Provider: iso20022.New(host), mobilemoney.Provider: mobilemoney.New(host), paypal.Provider: paypal.New(host), stripe.Provider: stripe.New(host),
	}
	for name, f := range forms {
		out[name] = declarative.New(f, host)
	}
	return out, nil
}

// maxForms bounds the files that are read at the start.
const maxForms = 256

// allForms are the providers in the form of a file: those that ship, and those
// of the operator's directory, of which there may be none. A file can't take
// the name of another provider, so that nobody is paid by something else than
// the name says.
func allForms(dir string) (map[string]*declarative.Form, error) {
	forms, err := declarative.Builtin()
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir)
	if dir == "" || errors.Is(err, fs.ErrNotExist) {
		return forms, nil
	}
	if err != nil {
		return nil, fmt.Errorf("connectors.forms: %w", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".toml") || strings.HasPrefix(file.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, file.Name())
		f, err := readForm(path)
		if err != nil {
			return nil, err
		}
		if _, taken := forms[f.Name()]; taken || f.Name() == manual.Provider || slices.Contains(testProviders(), f.Name()) {
			return nil, usage(fmt.Errorf("%s: there is a provider named %q already", path, f.Name()))
		}
		if forms[f.Name()] = f; len(forms) > maxForms {
			return nil, usage(fmt.Errorf("connectors.forms: at most %d files", maxForms))
		}
	}
	return forms, nil
}

// readForm reads one file; its error lists what is wrong with it.
func readForm(path string) (*declarative.Form, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the provider's form: %w", err)
	}
	f, err := declarative.Parse(doc)
	if err != nil {
		return nil, usage(withNext(fmt.Errorf("%s: %w", path, err), "penstock connector test "+path))
	}
	return f, nil
}

// inBoth lets the test provider answer in test mode, where the account doesn't
// ask for the provider's own test environment.
func inBoth(test, real connector.Builder) connector.Builder {
	return func(acc connector.Account) (connector.Connector, error) {
		at := acc.Secrets[playedBy]
		if at == "" && acc.Test {
			return test(acc)
		}
		if at != "" && (at != "provider" || !acc.Test) {
			return nil, fmt.Errorf("credential %q is for test mode, and can only be \"provider\"", playedBy)
		}
		acc.Secrets = maps.Clone(acc.Secrets)
		delete(acc.Secrets, playedBy)
		return real(acc)
	}
}

// onlyTest keeps live accounts away from the test provider.
func onlyTest(build connector.Builder) connector.Builder {
	return func(acc connector.Account) (connector.Connector, error) {
		if !acc.Test {
			return nil, fmt.Errorf("%s has no connector for live mode in this version", acc.Provider)
		}
		return build(acc)
	}
}

// testProvider is the sandbox: at an account's own address, at the one of the
// configuration, or inside this process.
func (a *appliance) testProvider(o opening) (connector.Builder, error) {
	transport := egress.Money(a.policy, egress.Options{})
	over := sandbox.HTTP(transport)
	if o.env.TestProvider != nil {
		over = o.env.TestProvider(transport)
	}
	base := o.cfg.Sandbox.BaseURL
	if base == "" {
		faults := sandbox.DefaultFaults()
		faults.Seed = o.cfg.Sandbox.Seed
		dir := filepath.Join(filepath.Dir(string(o.cfg.Store.Path)), "sandbox")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the test provider's directory: %w", err)
		}
		var err error
		if a.provider, err = sandbox.Open(sandbox.Settings{Now: time.Now, Dir: dir, Faults: &faults, Log: o.log}); err != nil {
			return nil, err
		}
	}
	inside := sandbox.InProcess(a.provider)
	return func(acc connector.Account) (connector.Connector, error) {
		if acc.BaseURL == "" {
			acc.BaseURL = base
		}
		if acc.BaseURL != "" {
			return over(acc)
		}
		return inside(acc)
	}, nil
}
