package routing

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"penstock/engine/money"
)

// Explain is the explanation in lines that a person reads. name says how a
// route is called; nil shows its id and provider.
func (d Decision) Explain(name func(route, provider string) string) []string {
	w := writer{name: name, asked: d.Asked}
	if w.name == nil {
		w.name = func(route, provider string) string { return strings.TrimSpace(route + " " + provider) }
	}
	asked := "Asked for " + d.Asked.String()
	if d.Parts > 0 {
		asked += ", in " + strconv.Itoa(d.Parts) + " parts at most"
	}
	w.line(0, asked)
	for i := range d.Path {
		w.step(&d.Path[i])
	}
	for i := range d.Rounds {
		w.round(&d.Rounds[i])
	}
	w.line(0, d.verdict(&w))
	return w.lines
}

func (d *Decision) verdict(w *writer) string {
	switch {
	case d.Choice != nil && d.Choice.Part == d.Choice.Amount:
		return "Chosen: " + w.name(d.Choice.Route, d.Choice.Provider) + ", " + d.Choice.Part.String()
	case d.Choice != nil:
		return "Chosen: " + w.name(d.Choice.Route, d.Choice.Provider) + ", " + d.Choice.Amount.String() + " for " + d.Choice.Part.String()
	}
	why := "No route: " + string(d.Resolution)
	if d.Blocked {
		why = "Blocked: " + string(d.Resolution)
	}
	if d.Reason != "" {
		why += " (" + visible(d.Reason) + ")"
	}
	if d.Short {
		why += "; money is missing, and once it arrives a route can be used"
	}
	return why
}

type writer struct {
	name  func(route, provider string) string
	asked money.Amount
	lines []string
}

func (w *writer) line(indent int, text string) {
	w.lines = append(w.lines, strings.Repeat("  ", indent)+text)
}

func (w *writer) step(s *Step) {
	name := "Condition"
	if s.Name != "" {
		name += " " + visible(s.Name)
	}
	branch := "no, so else"
	if s.If.Is {
		branch = "yes, so then"
	}
	w.line(0, name+": "+s.If.text(false)+": "+branch)
}

// text is an outcome as people write conditions, with what the values were.
func (o *Outcome) text(within bool) string {
	if o.Value != nil {
		return o.termText()
	}
	members, word := o.All, " AND "
	if len(members) == 0 {
		members, word = o.Any, " OR "
	}
	parts := make([]string, len(members))
	for i := range members {
		parts[i] = members[i].text(len(members) > 1)
	}
	joined := strings.Join(parts, word)
	if within {
		joined = "(" + joined + ")"
	}
	return joined
}

func (o *Outcome) termText() string {
	text := o.Attribute + " " + o.Operator.sign() + " " + o.Value.String()
	is := "no"
	if o.Is {
		is = "yes"
	}
	switch {
	case o.Absent:
		return text + " [not known: no]"
	case o.Masked:
		return text + " [hidden: " + is + "]"
	case len(o.Against) > 0:
		return text + " [" + visible(o.Actual) + " against " + visible(strings.Join(o.Against, ", ")) + ": " + is + "]"
	}
	return text + " [" + visible(o.Actual) + ": " + is + "]"
}

// String is a value as people write it: 1000, [1..5], {metadata.ip}.
func (v Value) String() string {
	parts := make([]string, len(v.Items))
	for i, item := range v.Items {
		switch {
		case item.Ref != "":
			parts[i] = "{" + visible(item.Ref) + "}"
		case item.From != "":
			parts[i] = item.From + ".." + item.To
		default:
			parts[i] = visible(item.Text)
		}
	}
	joined := strings.Join(parts, ", ")
	if v.List || len(v.Items) == 1 && v.Items[0].From != "" {
		return "[" + joined + "]"
	}
	return joined
}

// visible is a text as it is, or quoted where it holds what a terminal might
// obey or a person not see.
func visible(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

func (w *writer) round(r *Round) {
	switch r.Kind {
	case RoundWhole:
		w.line(0, "By one route:")
	case RoundParts:
		w.line(0, "In parts:")
	case RoundDrain:
		w.line(0, "In parts as large as the money there is:")
	}
	for i := range r.Routes {
		w.route(&r.Routes[i])
	}
	for i := range r.Tries {
		w.try(&r.Tries[i], r.Routes)
	}
}

func (w *writer) route(v *Verdict) {
	text := w.name(v.Route, v.Provider) + ": "
	switch v.Reason {
	case Usable:
		text += "can take " + w.part(v)
	case IsRefused, BadCurrency:
		text += "refused, " + visible(v.Detail)
	case BelowMin:
		text += "refused, " + v.Need.String() + " is below its minimum of " + v.Limit.String()
	case AboveMax:
		text += "refused, " + v.Need.String() + " is above its maximum of " + v.Limit.String()
	case OverTurnover:
		text += "refused, " + v.Need.String() + " is more than its turnover limit leaves today, " + v.Limit.String()
	case OverBalance:
		text += "refused, " + v.Need.String() + " is more than is available, " + v.Limit.String()
	case RestImpossible:
		text += "refused, after a part by it the limits let nothing take the rest"
	case RestOverdrawn:
		text += "refused, after a part by it there is not the money for the rest"
	case IsTried:
		text += "refused, it failed before in this request"
	case IsUnhealthy:
		text += "refused, its provider is down"
	default:
		text += "refused, it is " + string(v.Reason)
	}
	w.line(1, text)
}

// part is what a route can take.
func (w *writer) part(v *Verdict) string {
	if v.Slot == nil {
		return v.Need.String()
	}
	part := money.New(v.Slot.Part, w.asked.Currency())
	if part == v.Need.Amount {
		return part.String()
	}
	return v.Need.String() + " for " + part.String()
}

func (w *writer) try(t *Try, routes []Verdict) {
	text := "Strategy " + strconv.Itoa(t.Strategy+1) + ", " + string(t.Type) + ": "
	if len(t.Field) == 0 {
		w.line(1, text+"none of its routes can be used")
		return
	}
	at := pick(t.Type, t.Field, routes, t.Draw)
	if len(t.Field) > 1 {
		parts := make([]string, len(t.Field))
		for i := range t.Field {
			parts[i] = w.contender(t, i, routes)
		}
		text += strings.Join(parts, ", ") + "; "
	}
	if at < 0 {
		w.line(1, text+"no weight")
		return
	}
	v := &routes[t.Field[at].Route]
	text += "takes " + w.name(v.Route, v.Provider)
	if t.Draw != 0 {
		text += fmt.Sprintf(" (draw %016x)", t.Draw)
	}
	w.line(1, text)
}

func (w *writer) contender(t *Try, i int, routes []Verdict) string {
	c := &t.Field[i]
	name := w.name(routes[c.Route].Route, routes[c.Route].Provider)
	switch t.Type {
	case Weighted:
		return name + " " + percent(c.Weight, t.Field)
	case Optimal:
		return name + " " + percent(c.Weight, t.Field) + " (" + c.record() + ", costs " + c.Fee.String() + ")"
	case Conversion:
		return name + " " + c.record()
	case Cheapest:
		return name + " costs " + c.Fee.String() + " for " + routes[c.Route].Need.String()
	case Balance:
		switch {
		case c.Unlimited:
			return name + " has money without limit"
		case !c.Balance.IsSet():
			return name + " can't be compared"
		}
		return name + " has " + c.Balance.String()
	}
	return name
}

func (c *Contender) record() string {
	return strconv.FormatInt(c.Paid, 10) + " of " + strconv.FormatInt(c.Paid+c.Failed, 10) + " paid"
}

// percent is the share of a weight, in whole percents as pages show it.
func percent(weight int64, field []Contender) string {
	var sum int64
	for i := range field {
		sum += field[i].Weight
	}
	if sum == 0 {
		return "0 %"
	}
	return strconv.FormatInt((inProportion(200, weight, sum)+1)/2, 10) + " %"
}
