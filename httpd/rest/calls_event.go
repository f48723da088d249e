package rest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// eventFilter is the body of a list of events.
type eventFilter struct {
	After     *clock   `json:"created_after"`
	Before    *clock   `json:"created_before"`
	Limit     *int     `json:"limit"`
	Offset    *int     `json:"offset"`
	Object    *string  `json:"object_id"`
	Profile   *string  `json:"profile_id"`
	Classes   []string `json:"event_classes"`
	Types     []string `json:"event_types"`
	Delivered *bool    `json:"is_delivered"`
}

// eventShown is one attempt to tell of an event; the first bears the event's
// own id.
type eventShown struct {
	ID         string  `json:"event_id"`
	MerchantID string  `json:"merchant_id"`
	ProfileID  *string `json:"profile_id"`
	ObjectID   string  `json:"object_id"`
	Type       string  `json:"event_type"`
	Class      string  `json:"event_class"`
	Delivered  *bool   `json:"is_delivery_successful"`
	Initial    string  `json:"initial_attempt_id"`
	Created    string  `json:"created"`
}

type eventPage struct {
	Events []eventShown `json:"events"`
	Total  int          `json:"total_count"`
}

type attemptShown struct {
	eventShown
	Attempt  string        `json:"delivery_attempt"`
	Request  eventRequest  `json:"request"`
	Response eventResponse `json:"response"`
}

type eventRequest struct {
	Body string `json:"body"`
}

type eventResponse struct {
	Status *int    `json:"status_code"`
	Error  *string `json:"error_message"`
}

// objects are what the payouts and payments of some messages are called, by the
// messages' ids.
func (a *API) objects(ctx context.Context, who engine.Caller, list []engine.Delivery) (map[string]string, error) {
	var requests, payments []string
	for i := range list {
		if d := &list[i]; d.Payment != "" {
			payments = append(payments, d.Payment)
		} else {
			requests = append(requests, d.Request)
		}
	}
	refs, err := a.Engine.Refs(ctx, who.Scope, requests)
	if err != nil {
		return nil, err
	}
	paid, err := a.Engine.PaymentRefs(ctx, who.Scope, payments)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i := range list {
		if d := &list[i]; d.Payment != "" {
			out[d.ID] = either(paid[d.Payment], engine.PrefixPayment+d.Payment)
		} else {
			out[d.ID] = either(refs[d.Request], engine.PrefixRequest+d.Request)
		}
	}
	return out, nil
}

func showEvent(merchant, object string, d *engine.Delivery) eventShown {
	out := eventShown{ID: d.Event, MerchantID: merchant, ObjectID: object, Type: d.Type, Class: "payouts", Initial: d.Event, Created: stamp(d.Created)}
	switch {
	case d.Refund != "":
		out.Class, out.ObjectID = "refunds", d.Refund
	case d.Payment != "":
		out.Class = "payments"
	}
	if point := strings.TrimPrefix(d.Endpoint, engine.PrefixEndpoint); len(point) == 26 {
		out.ProfileID = shown(engine.PrefixProfile + point)
	}
	if d.State == engine.Delivered || len(d.Attempts) > 0 {
		done := d.State == engine.Delivered
		out.Delivered = &done
	}
	return out
}

// maxEvents bounds how many events a list looks at.
const maxEvents = 5000

func (a *API) listEvents(ctx context.Context, who engine.Caller, _ *wire.Call, r eventFilter) (eventPage, error) {
	page := eventPage{Events: []eventShown{}}
	limit, skip := 100, 0
	if r.Limit != nil {
		limit = *r.Limit
	}
	if r.Offset != nil {
		skip = *r.Offset
	}
	if limit < 1 || limit > 100 || skip < 0 {
		return page, refuse(422, "IR_06", "limit should be in between 1 and 100, offset not negative")
	}
	before := ""
	for seen := 0; seen < maxEvents; {
		list, err := a.Engine.Deliveries(ctx, who, before, 500)
		if err != nil {
			return page, err
		}
		names, err := a.objects(ctx, who, list)
		if err != nil {
			return page, err
		}
		for i := range list {
			e := showEvent(who.Merchant, names[list[i].ID], &list[i])
			if list[i].Profile != "rest" || !r.keeps(&list[i], e) {
				continue
			}
			if page.Total >= skip && len(page.Events) < limit {
				page.Events = append(page.Events, e)
			}
			page.Total++
		}
		seen += len(list)
		if len(list) < 500 {
			break
		}
		before = list[len(list)-1].ID
	}
	return page, nil
}

func (r *eventFilter) keeps(d *engine.Delivery, e eventShown) bool {
	return (r.After == nil || !d.Created.Before(r.After.Time)) && (r.Before == nil || d.Created.Before(r.Before.Time.Add(time.Millisecond))) &&
		(r.Object == nil || *r.Object == e.ObjectID) && (r.Profile == nil || e.ProfileID != nil && *r.Profile == *e.ProfileID) &&
		(len(r.Classes) == 0 || slices.Contains(r.Classes, e.Class)) && (len(r.Types) == 0 || slices.Contains(r.Types, e.Type)) &&
		(r.Delivered == nil || e.Delivered != nil && *r.Delivered == *e.Delivered)
}

// eventOf finds an event of this dialect's by its id, or by that of one of its
// attempts.
func (a *API) eventOf(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.Delivery, error) {
	id := c.Param("id")
	if cut := strings.LastIndexByte(id, '_'); cut > len("evt") {
		id = id[:cut]
	}
	d, err := a.Engine.DeliveryByEvent(ctx, who.Scope, id)
	if err == nil && d.Profile != "rest" {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjDelivery, ID: id}
	}
	return d, err
}

func showAttempts(merchant, object, body string, d *engine.Delivery) []attemptShown {
	out := []attemptShown{}
	for i, try := range d.Attempts {
		at := attemptShown{eventShown: showEvent(merchant, object, d), Attempt: try.Kind, Request: eventRequest{body}, Response: eventResponse{Error: shown(try.Error)}}
		good := try.Status >= 200 && try.Status < 300
		at.Delivered, at.Created = &good, stamp(try.At)
		if try.Status != 0 {
			at.Response.Status = &d.Attempts[i].Status
		}
		if n := d.Tries - len(d.Attempts) + i + 1; n > 1 {
			at.ID = fmt.Sprintf("%s_%d", d.Event, n)
		}
		out = append(out, at)
	}
	return out
}

func (a *API) eventAttempts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]attemptShown, error) {
	d, err := a.eventOf(ctx, who, c)
	if err != nil {
		return nil, err
	}
	names, err := a.objects(ctx, who, []engine.Delivery{*d})
	if err != nil {
		return nil, err
	}
	body, err := a.Engine.MessageOf(ctx, who.Scope, d)
	return showAttempts(who.Merchant, names[d.ID], string(body), d), err
}

// retryEvent sends an event once more, now, with the body that it had.
func (a *API) retryEvent(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
	d, err := a.eventOf(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := a.objects(ctx, who, []engine.Delivery{*d})
	if err != nil {
		return wire.Reply{}, err
	}
	show := func(d *engine.Delivery) any { return showEvent(who.Merchant, names[d.ID], d) }
	o := rendered(onceByPath(c, "merchant", "id"), show)
	d, err = a.Engine.Resend(ctx, who, d.ID, "", o)
	return answer(o, d, err, show)
}
