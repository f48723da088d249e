package fx

import "iter"

// Kind says which of a source's rates is meant.
type Kind string

const (
	Fixed Kind = "fixed" // the one rate of a source that has one for both ways
	Ask   Kind = "ask"   // what a unit of BASE costs, of a commercial source
	Bid   Kind = "bid"   // what a unit of BASE brings, of a commercial source
)

// Resource is a source of rates.
type Resource struct {
	Code       string // "ecb": what rules and sheets name it by
	Name       string // for a person
	Commercial bool   // quotes ask and bid; else one rate for both ways
	BuiltIn    bool   // can be had from this version; the others need sheets of the operator's
}

const (
	ResourceFixed = "fixed" // rates that the operator has set
	ResourceECB   = "ecb"   // the European Central Bank's daily reference rates
)

// Resources yields the known sources in the order of their codes. An operator
// may name others (see CodeOK).
func Resources() iter.Seq[Resource] {
	return func(yield func(Resource) bool) {
		for _, r := range resources {
			if !yield(r) {
				return
			}
		}
	}
}

// FindResource finds a known source by its code.
func FindResource(code string) (Resource, bool) {
	for _, r := range resources {
		if r.Code == code {
			return r, true
		}
	}
	return Resource{}, false
}

// CodeOK says whether code may name a source: a lower-case letter, then at
// most 31 lower-case letters, digits, dashes and underscores.
func CodeOK(code string) bool {
	if len(code) == 0 || len(code) > 32 {
		return false
	}
	for i := range len(code) {
		c := code[i]
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// resources are the codes of the gateway's contract, and fixed.
var resources = [...]Resource{
	{Code: "bcb", Name: "Central Bank of Brazil", Commercial: true},
	{Code: "cbar", Name: "Central Bank of Azerbaijan"},
	{Code: "cbr", Name: "Bank of Russia"},
	{Code: "cbu", Name: "Central Bank of Uzbekistan"},
	{Code: "coinbase", Name: "Coinbase", Commercial: true},
	{Code: "coingate", Name: "CoinGate", Commercial: true},
	{Code: "cryptocompare", Name: "CryptoCompare"},
	{Code: "currencylayer", Name: "Currencylayer"},
	{Code: ResourceECB, Name: "European Central Bank", BuiltIn: true},
	{Code: "eximbank", Name: "Eximbank", Commercial: true},
	{Code: ResourceFixed, Name: "Set by the operator", BuiltIn: true},
	{Code: "fixer", Name: "Fixer"},
	{Code: "floatrates", Name: "FloatRates"},
	{Code: "hkab", Name: "Hong Kong Association of Banks", Commercial: true},
	{Code: "nbkr", Name: "National Bank of the Kyrgyz Republic"},
	{Code: "nbkz", Name: "National Bank of Kazakhstan"},
}
