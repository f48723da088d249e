package routing

import (
	"encoding/json"
	"strconv"
	"strings"
)

// strategyTypes is their order on pages.
var strategyTypes = [...]StrategyType{Optimal, Direct, Priority, Weighted, Balance, Cheapest, Conversion}

// StrategyTypes returns all of them, the default first.
func StrategyTypes() []StrategyType { return append([]StrategyType(nil), strategyTypes[:]...) }

func parseLeaf(n *Node, v any, at string) *Fault {
	members, ok := v.([]any)
	if !ok || len(members) == 0 {
		return &Fault{at, "must be a list of one or more"}
	}
	n.Strategies = make([]Strategy, len(members))
	for i, member := range members {
		var fault *Fault
		if n.Strategies[i], fault = parseStrategy(member, at+"/"+strconv.Itoa(i)); fault != nil {
			return fault
		}
	}
	return nil
}

func parseStrategy(v any, at string) (Strategy, *Fault) {
	o, fault := open(v, at, "type", "routes")
	if fault != nil {
		return Strategy{}, fault
	}
	name, fault := o.text("type", at)
	if fault != nil {
		return Strategy{}, fault
	}
	s := Strategy{Type: parseType(name)}
	if !o.has("routes") {
		return s, nil
	}
	if o["routes"] == allRoutes {
		s.Routes = []Ref{{}}
		return s, nil
	}
	members, ok := o["routes"].([]any)
	if !ok || len(members) == 0 { // none must not come to mean all
		return Strategy{}, &Fault{at + "/routes", `must be a list of one or more routes, or "*"`}
	}
	for i, member := range members {
		ref, fault := parseRef(member, at+"/routes/"+strconv.Itoa(i), s.Type == Weighted)
		if fault != nil {
			return Strategy{}, fault
		}
		s.Routes = append(s.Routes, ref)
	}
	return s, nil
}

// parseType takes a name as pages show it for the type.
func parseType(name string) StrategyType {
	switch strings.TrimPrefix(name, "by_") {
	case "weighted":
		return Weighted
	case "fee":
		return Cheapest
	}
	return StrategyType(strings.TrimPrefix(name, "by_"))
}

func parseRef(v any, at string, weighted bool) (Ref, *Fault) {
	if name, ok := v.(string); ok && !weighted {
		if name == "" { // nothing must not come to mean all
			return Ref{}, &Fault{at, mustName}
		}
		return refTo(name), nil
	}
	known := []string{"route", "provider", "account", "deposit"}
	if weighted {
		known = append(known, "weight")
	}
	o, fault := open(v, at, known...)
	if fault != nil {
		return Ref{}, fault
	}
	var r Ref
	route, fault := o.text("route", at)
	if fault != nil {
		return Ref{}, fault
	}
	r.Route = refTo(route).Route
	if r.Provider, fault = o.text("provider", at); fault != nil {
		return Ref{}, fault
	}
	if r.Account, fault = o.text("account", at); fault != nil {
		return Ref{}, fault
	}
	if r.Deposit, fault = o.text("deposit", at); fault != nil {
		return Ref{}, fault
	}
	if r.all() && route != allRoutes {
		return Ref{}, &Fault{at, mustName}
	}
	if weighted {
		r.Weight, fault = parseWeight(o["weight"], at+"/weight")
	}
	return r, fault
}

const mustName = `must name a "route" (or "*"), "provider", "account" or "deposit"`

// refTo is the reference of a text, which is a route id or "*".
func refTo(name string) Ref {
	if name == allRoutes {
		return Ref{}
	}
	return Ref{Route: name}
}

func parseWeight(v any, at string) (int64, *Fault) {
	number, _ := v.(json.Number)
	weight, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		return 0, &Fault{at, mustBeWeight}
	}
	return weight, nil
}
