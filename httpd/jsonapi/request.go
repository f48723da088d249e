package jsonapi

import (
	"encoding/json"
	"errors"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

const typeRequest = "payout-requests"

const requestsPath = "/v1/payout-gateway/payout-requests"

// newRequest is what a payout request is made from. What is nil was not sent.
type newRequest struct {
	PointID       *string           `json:"point_id"`
	PointAmount   *wire.Decimal     `json:"point_amount"`
	PointCurrency *string           `json:"point_currency"`
	Service       *string           `json:"service"`
	Fields        map[string]string `json:"fields"`
	requestTerms
	TestMode    *bool   `json:"test_mode"`
	ReferenceID *string `json:"reference_id"`
	Expires     *int64  `json:"expires"` // unix seconds, or seconds from now
	QuoteID     *string `json:"quote_id"`
}

// requestTerms are the wishes that go with any request.
type requestTerms struct {
	Memo               *string        `json:"memo"`
	Description        *string        `json:"description"`
	CallbackURL        *string        `json:"callback_url"`
	AttemptsLimit      *int           `json:"attempts_limit"`
	Split              *bool          `json:"split_mode"`
	Parallel           *bool          `json:"parallel_mode"`
	Partially          *bool          `json:"allow_partially"`
	Autoprocess        *bool          `json:"autoprocess"`
	ModerationRequired *bool          `json:"moderation_required"`
	Metadata           wire.Object    `json:"metadata"`
	Customer           *customerSent  `json:"customer"`
	Context            map[string]any `json:"context"`
}

// customerSent is who is paid: one that is known by its id, or a new one.
type customerSent struct {
	ID    *string `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
	Phone *string `json:"phone"`
}

// extra is what only this dialect keeps with a request, to show it again.
type extra struct {
	Fields      map[string]string `json:"fields,omitzero"` // masked, by the service's keys
	Description string            `json:"description,omitzero"`
}

// readExtra reads what this dialect put into a request; nothing, of one that
// another dialect made.
func readExtra(r *engine.Request) (x extra) {
	if r.Dialect == "jsonapi" && r.Extra != nil {
		_ = wire.Decode(r.Extra, &x, wire.DecodeOptions{IgnoreUnknown: true}) // of what isn't ours nothing is shown
	}
	return x
}

// wants says what must be there, all of it at once.
func (r *newRequest) wants() error {
	var n need
	n.want(r.PointID != nil, "point_id")
	n.want(r.PointAmount != nil, "point_amount")
	n.want(r.PointCurrency != nil, "point_currency")
	n.want(r.Service != nil, "service")
	return n.err()
}

// command is the engine's command of a create.
func (r *newRequest) command(who engine.Caller, d *service.Directory, now time.Time) (engine.NewRequest, error) {
	n := engine.NewRequest{Dialect: "jsonapi"}
	if err := r.wants(); err != nil {
		return n, err
	}
	if err := inMode(who, r.TestMode); err != nil {
		return n, err
	}
	c, err := currencyOf("point_currency", r.PointCurrency)
	if err != nil {
		return n, err
	}
	if n.Amount, err = positive("point_amount", *r.PointAmount, c); err != nil {
		return n, err
	}
	n.Point = inner(engine.PrefixPoint, *r.PointID)
	if n.Expires, err = r.lifetime(now); err != nil {
		return n, err
	}
	if r.QuoteID != nil {
		n.Quote = inner(engine.PrefixQuote, *r.QuoteID)
	}
	if n.Ref, err = reference(r.ReferenceID); err != nil {
		return n, err
	}
	n.Service = *r.Service
	return n, r.fill(&n, d, "point_amount", r.Fields)
}

// maxReference is how long a merchant's own id may be, in bytes.
const maxReference = 255

func reference(s *string) (string, error) {
	ref, err := text("reference_id", s, maxReference)
	switch {
	case err != nil:
		return "", err
	case s != nil && (ref == "" || len(ref) > maxReference):
		return "", badAttribute("reference_id", "must have 1 to %d bytes", maxReference)
	}
	return ref, nil
}

const maxLifetime = 366 * 24 * time.Hour

// lifetime reads expires: a moment in unix seconds, or how many seconds from
// now. Numbers above 10 years of seconds are moments.
func (r *newRequest) lifetime(now time.Time) (time.Duration, error) {
	if r.Expires == nil {
		return 0, nil
	}
	const moments = 10 * 366 * 24 * 3600
	n := *r.Expires
	if n > maxSeconds {
		return 0, badAttribute("expires", "must be unix seconds, or seconds from now")
	}
	life := time.Duration(min(n, moments)) * time.Second
	if n > moments {
		life = time.Unix(n, 0).Sub(now)
	}
	if life <= 0 || life > maxLifetime {
		return 0, badAttribute("expires", "must be a time to come, within a year")
	}
	return life, nil
}

// fill reads the terms and the beneficiary; amount is what the amount is called.
func (t *requestTerms) fill(n *engine.NewRequest, d *service.Directory, amount string, fields map[string]string) error {
	var err error
	x := extra{}
	if n.Memo, err = text("memo", t.Memo, 1024); err != nil {
		return err
	}
	if x.Description, err = text("description", t.Description, 1024); err != nil {
		return err
	}
	if members(t.Metadata) > 20 {
		return badAttribute("metadata", "must have at most 20 attributes")
	}
	n.Metadata = json.RawMessage(t.Metadata)
	n.CallbackURL, n.AttemptsLimit = said(t.CallbackURL), given(t.AttemptsLimit)
	n.Split, n.Parallel, n.Whole = given(t.Split), given(t.Parallel), !given(t.Partially)
	if given(t.Partially) && !n.Split {
		return badAttribute("allow_partially", "goes with split_mode")
	}
	n.Confirm, n.Later, n.Moderation = true, true, given(t.ModerationRequired)
	n.AutoFulfill = t.Autoprocess == nil || *t.Autoprocess
	if c := t.Customer; c != nil {
		n.Customer = said(c.ID)
		if c.Name != nil || c.Email != nil || c.Phone != nil {
			n.Person = &engine.Person{Name: said(c.Name), Email: said(c.Email), Phone: said(c.Phone)}
		}
	}
	sv, ok := d.Service(n.Service)
	if !ok {
		return badAttribute("service", "must be the code of a payout service")
	}
	if err := within(sv, amount, n.Amount, n.Split); err != nil {
		return err
	}
	details, err := sv.Validate(t.completed(sv, fields))
	if err != nil {
		return fieldFaults(err)
	}
	n.Beneficiary = engine.Beneficiary{Kind: sv.Kind, Form: sv.Form, Details: details}
	x.Fields = sv.MaskFields(details)
	n.Extra, err = wire.Encode(x)
	return err
}

// within refuses an amount that the service never pays. One in another currency
// is judged once it is converted, and one that may be split by its parts.
func within(sv service.Service, name string, a money.Amount, split bool) error {
	least, most, ok := sv.Limits(a.Currency())
	if !ok || sv.Currency.IsZero() {
		return nil
	}
	if a.Minor() < least.Minor() || !split && a.Minor() > most.Minor() {
		return badAttribute(name, "must be %s to %s, which is what %s pays", trimZeros(least.Decimal()), trimZeros(most.Decimal()), sv.Code)
	}
	return nil
}

// completed are the fields with what the context gives of those that the
// service asks for; the rest of a context is nobody's here and is dropped.
func (t *requestTerms) completed(sv service.Service, fields map[string]string) map[string]string {
	out := make(map[string]string, len(fields))
	for k, v := range fields {
		out[k] = v
	}
	for _, f := range sv.Fields {
		if v, ok := t.Context[f.Key].(string); ok && out[f.Key] == "" {
			out[f.Key] = v
		}
	}
	return out
}

// fieldFaults says which fields of a service break which rule.
func fieldFaults(err error) error {
	var invalid service.Invalid
	if !errors.As(err, &invalid) {
		return badAttribute("fields", "must be those of the service")
	}
	var out faults
	for _, f := range invalid {
		at := "/data/attributes/fields/" + f.Field
		if f.Rule == "is required" {
			out = append(out, lacking(at, "fields."+f.Field))
			continue
		}
		out = append(out, wrong(at, "fields."+f.Field+" "+f.Rule))
	}
	return out
}

func given[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

// requestFields and requestObjects say where in a create stands what the
// engine refuses.
func requestFields() map[string]string {
	return map[string]string{
		"amount": "point_amount", "currency": "point_currency", "payout_id": "reference_id", "customer_id": "customer.id",
		"name": "customer.name", "email": "customer.email", "phone": "customer.phone",
	}
}

func requestObjects() map[engine.Object]string {
	return map[engine.Object]string{engine.ObjPoint: "point_id", engine.ObjCustomer: "customer/id", engine.ObjQuote: "quote_id"}
}

// byReference adds the reference to what makes a create harmless to repeat:
// the same reference with the same body gets the first answer.
func byReference(c *wire.Call, ref string) *engine.Once {
	o := once(c)
	if ref == "" {
		return o
	}
	tag := "reference_id " + ref // a repeat has it in its body, whatever its headers are
	named := &engine.Once{Op: "reference_id", Key: ref, Fingerprint: fingerprint(c), Field: "reference_id", Tag: tag}
	if o.Key == "" {
		return named
	}
	o.Also, o.Tag = named, tag
	return o
}
