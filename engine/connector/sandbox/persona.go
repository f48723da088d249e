package sandbox

import (
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// Persona is how one provider answers, as far as its public documentation
// tells: an account that is connected under its name in test mode is answered
// in its manner. Which methods it takes in which currencies is in the directory
// of services; a persona has a way for each of them.
type Persona struct {
	Name    string   `json:"name"`
	Sources []string `json:"sources"`        // where its manner is documented
	Note    string   `json:"note,omitempty"` // what isn't
	Ways    []Way    `json:"ways"`
	// Missing and Unsupported are its words for an order without a field that it
	// insists on, which stands for {field}, and for a method that it hasn't.
	Missing     Saying `json:"missing"`
	Unsupported Saying `json:"unsupported"`
	// Refusals are its words by resolution; what has none is said in ours.
	Refusals map[string]Saying `json:"refusals,omitempty"`
}

// Way is the manner of some payout methods.
type Way struct {
	Methods []string `json:"methods"` // payout methods, e.g. "sepa"
	Pace    Pace     `json:"pace"`
	// Insists are the fields without which an order is refused; of those with a
	// bar between them, one.
	Insists []string `json:"insists,omitempty"`
}

// Pace says when a transfer ends.
type Pace string

const (
	AnyPace Pace = ""        // as the account and the faults have it
	Instant Pace = "instant" // in the answer
	Delayed Pace = "delayed" // accepted in the answer, and later
)

// Saying is a provider's code and message.
type Saying struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

//go:embed personas/*.json
var personaFiles embed.FS

// Personas are all of them, by name.
func Personas() []Persona { return slices.Clone(personas()) }

// personas reads the data once; nobody changes what it gives.
var personas = sync.OnceValue(func() []Persona {
	all, err := readPersonas(personaFiles)
	if err != nil { // which no build that passed its tests has
		panic("sandbox: personas: " + err.Error())
	}
	return all
})

func readPersonas(files fs.FS) (all []Persona, err error) {
	names, err := fs.Glob(files, "personas/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p Persona
		if err := json.Unmarshal(text, &p, json.RejectUnknownMembers(true)); err != nil {
			return nil, err
		}
		if "personas/"+p.Name+".json" != name {
			return nil, errors.New(name + " is of another name")
		}
		all = append(all, p)
	}
	return all, nil
}

// personaOf is nil for a provider that has none.
func personaOf(provider string) *Persona {
	all := personas()
	if at := slices.IndexFunc(all, func(p Persona) bool { return p.Name == provider }); at >= 0 {
		return &all[at]
	}
	return nil
}

// way finds the manner of a service, e.g. "sepa_eur"; nil where there is none.
func (p *Persona) way(in connector.Instruction) *Way {
	method := strings.TrimSuffix(in.Service, "_"+strings.ToLower(in.Amount.Currency().Code()))
	for i := range p.Ways {
		if slices.Contains(p.Ways[i].Methods, method) {
			return &p.Ways[i]
		}
	}
	return nil
}

// judge says at which pace an order goes, or refuses it before it is one: the
// same order is always judged the same.
func (p *Persona) judge(in connector.Instruction) (Pace, connector.Outcome, bool) {
	if p == nil || in.Service == "" {
		return AnyPace, connector.Outcome{}, true
	}
	w := p.way(in)
	if w == nil {
		return AnyPace, p.Unsupported.refusal(connector.InvalidMethod, ""), false
	}
	for _, names := range w.Insists {
		if !has(in.Details, strings.Split(names, "|")) {
			return AnyPace, p.Missing.refusal(connector.InvalidDetails, strings.ReplaceAll(names, "|", " or ")), false
		}
	}
	return w.Pace, connector.Outcome{}, true
}

func (s Saying) refusal(resolution, field string) connector.Outcome {
	return connector.Outcome{Verdict: connector.Rejected, Resolution: resolution, Code: s.Code, Message: strings.ReplaceAll(s.Message, "{field}", field)}
}

// said is an outcome in the provider's own words.
func (p *Persona) said(out connector.Outcome) connector.Outcome {
	if p == nil || out.Verdict != connector.Rejected && out.Verdict != connector.Returned {
		return out
	}
	if s, ok := p.Refusals[out.Resolution]; ok {
		out.Code, out.Message = s.Code, s.Message
	}
	return out
}

// says is said of what was answered.
func (p *Persona) says(out connector.Outcome, err error) (connector.Outcome, error) {
	return p.said(out), err
}

// tells is said of a notification.
func (p *Persona) tells(n connector.Notice, err error) (connector.Notice, error) {
	n.Outcome = p.said(n.Outcome)
	return n, err
}
