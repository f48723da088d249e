package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"penstock/engine/dense"
	"penstock/locker"
	"penstock/store"
)

// Occasion is a change of a request that somebody may want to be told of.
type Occasion struct {
	Event string // evt_..., one per occasion and profile
	At    time.Time
	Scope
	View   *View
	Point  *Point // the request's payout point; nil when it has none
	Method string // code of the payout method of its service; empty when that isn't known
}

// Render makes a dialect's message of an occasion: the event's type and the
// body, exactly as it will be sent on every attempt. An empty type means that
// the dialect says nothing at this point. It is pure and runs inside the
// transaction.
type Render func(Occasion) (kind string, body []byte, err error)

// notify writes the webhooks that tell of the request as it stands now.
func (e *Engine) notify(tx store.Tx, s Scope, now time.Time, v *View) error {
	all, err := e.endpointsOf(tx, s)
	if err != nil || len(all) == 0 {
		return err
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	url, point := k.callbackURL(&v.Request), k.points[v.Point]
	quiet := url == "" || point != nil && point.OnlyFinal && !v.Stage.Ended()
	via := v.callbackVia()
	all = slices.DeleteFunc(all, func(p Endpoint) bool { return p.URL == "" && (quiet || p.ID != via) })
	for i := range all {
		if all[i].ID == via {
			all[i].URL = url
		}
	}
	for _, profile := range slices.Sorted(maps.Keys(e.Render)) {
		if err := e.notifyProfile(tx, now, Occasion{Scope: s, View: v, At: now, Point: point, Method: e.methodOf(v.Service)}, all, profile); err != nil {
			return err
		}
	}
	return nil
}

// methodOf is the payout method of a service.
func (e *Engine) methodOf(code string) string {
	sv, _ := e.Directory.Glance(code)
	return sv.Method
}

func (e *Engine) notifyProfile(tx store.Tx, now time.Time, o Occasion, all []Endpoint, profile string) error {
	s, v := o.Scope, o.View
	if !slices.ContainsFunc(all, func(p Endpoint) bool { return p.Profile == profile && !p.Disabled }) {
		return nil
	}
	ids := make([]string, 2)
	for i := range ids {
		var err error
		if ids[i], err = e.newID(now); err != nil {
			return err
		}
	}
	o.Event = PrefixEvent + ids[0]
	kind, body, err := e.Render[profile](o)
	if err != nil {
		return fmt.Errorf("render webhook: %w", err)
	}
	for i := range all {
		p := &all[i]
		if kind == "" || p.Profile != profile || !p.wants(kind) || isTold(v.Told, kind, p.ID, "") || p.Point != "" && p.Point != v.Point {
			continue
		}
		id, err := e.newID(now)
		if err != nil {
			return err
		}
		d := &Delivery{ID: PrefixDelivery + id, Message: PrefixMessage + ids[1], Event: PrefixEvent + ids[0], Type: kind, Request: v.ID, Token: v.Token, Holder: v.holder()}
		if v.Told, err = e.writeDelivery(tx, s, now, p, v.Told, d, body); err != nil {
			return err
		}
	}
	return nil
}

func (d *Delivery) owner(s Scope) locker.Owner { return echoOwner(s, d.Holder, d.Created) }

func (d *Delivery) place() locker.Place { return locker.Place{Bucket: bucketDelivery, Token: d.ID} }

// writeDelivery writes a delivery to an endpoint, to be sent now after what was told it
// before. d says what it tells, of what and whose it is; told, with d, is returned.
func (e *Engine) writeDelivery(tx store.Tx, s Scope, now time.Time, to *Endpoint, told []Told, d *Delivery, body []byte) ([]Told, error) {
	d.Endpoint, d.Profile, d.URL, d.After = to.ID, to.Profile, to.URL, lastTold(told, to.ID)
	d.State, d.Due, d.Created = Waiting, now, now
	var err error
	if d.Sealed, err = e.sealWithin(d.owner(s), d.place(), dense.Pack(body)); err != nil {
		return told, err
	}
	if err := e.lease(tx, s, d, body); err != nil {
		return told, err
	}
	if err := saveDelivery(tx, s, d, time.Time{}); err != nil {
		return told, err
	}
	return append(told, Told{Type: d.Type, Endpoint: to.ID, Delivery: d.ID, Of: d.Refund}), nil
}

// isTold says that an endpoint was told of an event of this type, of a refund
// where of names one.
func isTold(told []Told, kind, endpoint, of string) bool {
	return slices.ContainsFunc(told, func(t Told) bool { return t.Type == kind && t.Endpoint == endpoint && t.Of == of })
}

// lastTold is the latest delivery to an endpoint; empty: none.
func lastTold(told []Told, endpoint string) string {
	for _, t := range slices.Backward(told) {
		if t.Endpoint == endpoint {
			return t.Delivery
		}
	}
	return ""
}

func saveDelivery(tx store.Tx, s Scope, d *Delivery, was time.Time) error {
	if err := keep(tx, bucketDelivery, s.key(d.ID), d); err != nil {
		return err
	}
	return moveDue(tx, dueDelivery, s, d.ID, was, d.Due)
}
