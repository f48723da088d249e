package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

const maxProviders = 500

// features are the words that providers are described with.
func features() []string {
	return []string{FeatureBalance, "h2h_merchant_account_connector", "merchant_account_connector", "payment_gateway", FeaturePayouts, FeatureStatements, FeatureConnect}
}

// provider takes a new provider, or more services for one that is there.
func (b *builder) provider(path string, e *providerEntry) error {
	if err := b.once(path+"/name", "provider", e.Name); err != nil {
		return err
	}
	p := &Provider{Name: e.Name, Label: e.Label, Aliases: e.Aliases, Features: e.Features, Modes: e.Modes, Credentials: e.Credentials}
	if was := b.d.providers[e.Name]; was != nil {
		if e.Label != "" || len(e.Aliases)+len(e.Features)+len(e.Modes)+len(e.Credentials)+len(e.Except) > 0 {
			return wrongf(path, "may only add methods and services to %s, which is there already", e.Name)
		}
		copied := *was
		p = &copied
	} else if err := b.newProvider(path, p); err != nil {
		return err
	}
	for i, method := range e.Methods {
		if method != everything && b.d.methods[method] == nil {
			return wrongf(fmt.Sprintf("%s/methods/%d", path, i), "must be a payout method of the directory or of this file, or *")
		}
	}
	for i, method := range e.Except {
		if b.d.methods[method] == nil {
			return wrongf(fmt.Sprintf("%s/except/%d", path, i), "must be a payout method of the directory or of this file")
		}
	}
	for i, code := range e.Services {
		if b.d.services[code] == nil {
			return wrongf(fmt.Sprintf("%s/services/%d", path, i), "must be a service of the directory or of this file")
		}
	}
	p.methods, p.except, p.singles = slices.Concat(p.methods, e.Methods), slices.Concat(p.except, e.Except), slices.Concat(p.singles, e.Services)
	b.d.providers[p.Name] = p
	for _, alias := range p.Aliases {
		b.d.providers[alias] = p
	}
	return nil
}

func (b *builder) newProvider(path string, p *Provider) error {
	switch {
	case len(b.d.providers) >= maxProviders:
		return wrongf(path, "is one provider too many: at most %d", maxProviders)
	case !isCode(p.Name):
		return wrongf(path+"/name", "%s", codeRule)
	case strings.TrimSpace(p.Label) == "" || utf8.RuneCountInString(p.Label) > 100 || strings.ContainsFunc(p.Label, unwelcome):
		return wrongf(path+"/label", "must be 1 to 100 characters")
	case len(p.Aliases) > 8:
		return wrongf(path+"/aliases", "must be at most 8")
	case len(p.Credentials) > 16:
		return wrongf(path+"/credentials", "must be at most 16")
	}
	for i, alias := range p.Aliases {
		if !isCode(alias) || b.d.providers[alias] != nil || alias == p.Name {
			return wrongf(fmt.Sprintf("%s/aliases/%d", path, i), "must be a name that no provider has")
		}
	}
	for i, feature := range p.Features {
		if !slices.Contains(features(), feature) {
			return wrongf(fmt.Sprintf("%s/features/%d", path, i), "must be one of %s", strings.Join(features(), ", "))
		}
	}
	if p.Modes == nil {
		p.Modes = []string{"test"}
	}
	for i, mode := range p.Modes {
		if mode != "test" && mode != "live" {
			return wrongf(fmt.Sprintf("%s/modes/%d", path, i), "must be test or live")
		}
	}
	for i := range p.Credentials {
		c := &p.Credentials[i]
		c.Max = cmp.Or(c.Max, 4096)
		at := fmt.Sprintf("%s/credentials/%d", path, i)
		switch {
		case !isCode(c.Name):
			return wrongf(at+"/name", "%s", codeRule)
		case slices.ContainsFunc(p.Credentials[:i], func(other Credential) bool { return other.Name == c.Name }):
			return wrongf(at+"/name", "is there twice")
		case strings.TrimSpace(c.Label) == "" || len(c.Label) > 200 || strings.ContainsFunc(c.Label, unwelcome):
			return wrongf(at+"/label", "must be 1 to 200 bytes")
		case c.Max < 1 || c.Max > 16_384:
			return wrongf(at+"/max", "must be 1 to 16384")
		}
	}
	slices.Sort(p.Features)
	p.Features = slices.Compact(p.Features)
	return nil
}

// everything stands for all payout methods.
const everything = "*"

// expand draws the list of services of each provider.
func (b *builder) expand() {
	byMethod := map[string][]string{}
	for _, code := range b.d.codes {
		byMethod[b.d.services[code].Method] = append(byMethod[b.d.services[code].Method], code)
	}
	for name, was := range maps.Clone(b.d.providers) {
		if name != was.Name {
			continue
		}
		p := *was
		p.Services = slices.Clone(p.singles)
		for method, codes := range byMethod {
			if (slices.Contains(p.methods, everything) || slices.Contains(p.methods, method)) && !slices.Contains(p.except, method) {
				p.Services = append(p.Services, codes...)
			}
		}
		slices.Sort(p.Services)
		p.Services = slices.Compact(p.Services)
		b.d.providers[name] = &p
		for _, alias := range p.Aliases {
			b.d.providers[alias] = &p
		}
	}
}
