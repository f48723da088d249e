package jsonapi

import (
	"context"
	"net/http"
	"slices"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

// ruleAttributes is how the rate of a pair is made.
type ruleAttributes struct {
	Pair       string      `json:"pair"` // BASE/QUOTE
	Base       string      `json:"base"`
	Quote      string      `json:"quote"`
	Resource   string      `json:"resource"`
	RateType   fx.Kind     `json:"rate_type"`
	Inverse    bool        `json:"inverse"`     // the source's pair is turned over
	FeeRate    wire.Number `json:"fee_rate"`    // percent
	FeeFix     wire.Number `json:"fee_fix"`     // in the quote currency
	SourceRate *string     `json:"source_rate"` // eight decimals; null while the source has none
	Rate       *string     `json:"rate"`
}

func (a *API) showRule(scheme *engine.RateScheme, b *fx.Book) func(*fx.Rule) resource {
	return func(r *fx.Rule) resource {
		at := ruleAttributes{Pair: r.Base.Code() + "/" + r.Quote.Code(), Base: r.Base.Code(), Quote: r.Quote.Code(), Resource: r.Resource, RateType: r.Kind, Inverse: r.Inverse,
			FeeRate: wire.Number(r.FeeRate.String()), FeeFix: wire.Number(r.FeeFix.String())}
		if found, err := r.Find(b); err == nil {
			at.SourceRate, at.Rate = shown(found.Source.String8()), shown(found.Rate.String8())
		}
		id := prefixRule + r.ID
		return resource{Type: typeRule, ID: id, Attributes: at, Links: &self{ratesPath + "/" + ratesID(scheme.ID) + "/rules/" + id},
			Relations: related{"rate-schema": one(typeRates, ratesID(scheme.ID))}}
	}
}

// book is the rates of every source.
func (a *API) book(ctx context.Context) (*fx.Book, error) {
	sheets, err := a.Engine.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	return fx.NewBook(sheets...)
}

func (a *API) listRules(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	b, err := a.book(ctx)
	if err != nil {
		return document{}, err
	}
	type r = fx.Rule
	return inMemory(c, slices.Clone(s.Rules), shelf[r]{
		id: func(v *r) string { return prefixRule + v.ID }, show: a.showRule(s, b), sorts: []string{"pair"}, up: true,
		by: sorter[r]{"pair": compareBy(func(v *r) string { return v.Base.Code() + "/" + v.Quote.Code() })},
		fields: []filterField[r]{
			{"pair", asWord, func(v *r) any { return v.Base.Code() + "/" + v.Quote.Code() }},
			{"base", asWord, func(v *r) any { return v.Base.Code() }},
			{"quote", asWord, func(v *r) any { return v.Quote.Code() }},
			{"resource", asText, func(v *r) any { return v.Resource }},
		},
	})
}

// ruleSent is what a rule is made from. A change gives what it changes.
type ruleSent struct {
	Base     *string `json:"base"`
	Quote    *string `json:"quote"`
	Resource *string `json:"resource"`
	RateType *string `json:"rate_type"`
	Inverse  *bool   `json:"inverse"`
	FeeRate  any     `json:"fee_rate"`
	FeeFix   any     `json:"fee_fix"`
	Rate     any     `json:"source_rate"` // of the resource "fixed": the rate itself
}

// rule is r with what was sent.
func (s *ruleSent) rule(r fx.Rule) (fx.Rule, error) {
	var err error
	for _, side := range []struct {
		name string
		sent *string
		to   *money.Currency
	}{{"base", s.Base, &r.Base}, {"quote", s.Quote, &r.Quote}} {
		if side.sent == nil && !side.to.IsZero() {
			continue
		}
		if *side.to, err = currencyOf(side.name, side.sent); err != nil {
			return r, err
		}
	}
	if s.Resource != nil {
		r.Resource = *s.Resource
	}
	if s.RateType != nil {
		r.Kind = fx.Kind(*s.RateType)
	}
	if s.Inverse != nil {
		r.Inverse = *s.Inverse
	}
	for _, fee := range []struct {
		name string
		sent any
		to   *fx.Decimal
	}{{"fee_rate", s.FeeRate, &r.FeeRate}, {"fee_fix", s.FeeFix, &r.FeeFix}} {
		if fee.sent == nil {
			continue
		}
		text, err := numberText(fee.name, fee.sent)
		if err == nil {
			*fee.to, err = fx.ParseDecimal(text)
		}
		if err != nil {
			return r, badAttribute(fee.name, "must be a decimal number, with at most 18 digits on either side of the point")
		}
	}
	if s.Rate != nil {
		text, err := numberText("source_rate", s.Rate)
		if err == nil {
			r.Fixed, err = fx.ParseRate(text)
		}
		if err != nil {
			return r, badAttribute("source_rate", "must be a decimal number above zero")
		}
	}
	return r, nil
}

// changeRules changes one rule of a scheme, by what change makes of all of
// them as they stand in the transaction, and answers with it.
func (a *API) changeRules(ctx context.Context, who engine.Caller, c *wire.Call, status int, change func([]fx.Rule) ([]fx.Rule, int, error)) (wire.Reply, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	b, err := a.book(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := 0
	show := func(next *engine.RateScheme) resource { return a.showRule(next, b)(&next.Rules[at]) }
	return command(c, status, show, func(o *engine.Once) (*engine.RateScheme, error) {
		next, err := a.Engine.SaveRates(ctx, who, s.ID, engine.RatesEdit{ChangeRules: func(rules []fx.Rule) ([]fx.Rule, error) {
			rules, i, err := change(rules)
			at = i
			return rules, err
		}}, o)
		return next, err
	})
}

func (a *API) createRule(ctx context.Context, who engine.Caller, c *wire.Call, b body[ruleSent]) (wire.Reply, error) {
	sent, err := b.attributes(typeRule, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(sent.Base != nil, "base")
	n.want(sent.Quote != nil, "quote")
	n.want(sent.Resource != nil, "resource")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	r, err := sent.rule(fx.Rule{Kind: fx.Fixed})
	if err != nil {
		return wire.Reply{}, err
	}
	return a.changeRules(ctx, who, c, http.StatusCreated, func(rules []fx.Rule) ([]fx.Rule, int, error) {
		return append(rules, r), len(rules), nil
	})
}

// ruleAt finds the rule that the path names.
func ruleAt(rules []fx.Rule, c *wire.Call) (int, error) {
	id := inner(prefixRule, c.Param("rid"))
	i := slices.IndexFunc(rules, func(r fx.Rule) bool { return r.ID == id })
	if i < 0 {
		return 0, noSuch("rate_rule", c.Param("rid"))
	}
	return i, nil
}

func (a *API) getRule(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	i, err := ruleAt(s.Rules, c)
	if err != nil {
		return document{}, err
	}
	b, err := a.book(ctx)
	if err != nil {
		return document{}, err
	}
	return document{Data: a.showRule(s, b)(&s.Rules[i])}, nil
}

func (a *API) updateRule(ctx context.Context, who engine.Caller, c *wire.Call, b body[ruleSent]) (wire.Reply, error) {
	sent, err := b.attributes(typeRule, c.Param("rid"))
	if err != nil {
		return wire.Reply{}, err
	}
	return a.changeRules(ctx, who, c, http.StatusOK, func(rules []fx.Rule) ([]fx.Rule, int, error) {
		i, err := ruleAt(rules, c)
		if err == nil {
			rules[i], err = sent.rule(rules[i])
		}
		return rules, i, err
	})
}

func (a *API) deleteRule(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	s, err := a.rates(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	_, err = a.Engine.SaveRates(ctx, who, s.ID, engine.RatesEdit{ChangeRules: func(rules []fx.Rule) ([]fx.Rule, error) {
		i, err := ruleAt(rules, c)
		if err != nil {
			return nil, err
		}
		return slices.Delete(rules, i, i+1), nil
	}}, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{Status: http.StatusNoContent}, nil
}
