package service

import (
	"maps"
	"slices"
	"strings"
)

// Provider is one payment provider: who pays.
type Provider struct {
	Name     string   `json:"name"`  // as provider accounts bear it
	Label    string   `json:"label"` // for a person, in English
	Aliases  []string `json:"aliases,omitempty"`
	Features []string `json:"features"` // of Features, sorted
	// Modes are the modes, "live" and "test", in which this version can
	// connect an account.
	Modes       []string     `json:"modes"`
	Credentials []Credential `json:"credentials"`
	Services    []string     `json:"services"` // codes, sorted

	methods, except, singles []string // from which Services is drawn
}

// Credential is one thing that an account at a provider is connected with.
type Credential struct {
	Name     string `json:"name"`
	Label    string `json:"label"`  // for a person, in English
	Secret   bool   `json:"secret"` // never shown again
	Required bool   `json:"required"`
	Max      int    `json:"max"` // characters
}

// Feature words of a provider.
const (
	FeaturePayouts    = "payout_gateway"
	FeatureStatements = "payout_statements" // the fate of a payout can be asked for
	FeatureBalance    = "balance"           // balances can be read
	FeatureConnect    = "provider_account_connector"
)

// Has says whether the provider has a feature.
func (p Provider) Has(feature string) bool { return slices.Contains(p.Features, feature) }

// In says whether an account can be connected in a mode, "test" or "live".
func (p Provider) In(mode string) bool { return slices.Contains(p.Modes, mode) }

// CheckCredentials says what of a live account's credentials is missing,
// unknown or misshapen; the error is Invalid and shows no value. In test mode
// any will do, since the test provider answers.
func (p Provider) CheckCredentials(given map[string]string) error {
	var invalid Invalid
	for _, c := range p.Credentials {
		switch value := given[c.Name]; {
		case c.Required && strings.TrimSpace(value) == "":
			invalid.add(c.Name, "is required")
		case len([]rune(value)) > c.Max:
			invalid.add(c.Name, tooLong(c.Max))
		case strings.ContainsFunc(value, unwelcome) && !c.Secret:
			invalid.add(c.Name, "must not hold control characters")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(p.Credentials, func(c Credential) bool { return c.Name == name }) {
			invalid.add(showable(name), "is no credential of "+p.Name)
		}
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

func (p *Provider) clone() Provider {
	out := *p
	out.Aliases, out.Features, out.Modes = slices.Clone(p.Aliases), slices.Clone(p.Features), slices.Clone(p.Modes)
	out.Credentials, out.Services = slices.Clone(p.Credentials), slices.Clone(p.Services)
	out.methods, out.except, out.singles = nil, nil, nil
	return out
}
