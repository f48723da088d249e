package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"penstock/httpd/wire"
)

// benchNames are the scenarios.
func benchNames() []string { return []string{"create", "pay", "saved", "list", "mixed"} }

// benchScenario makes operations. They speak the rest dialect.
type benchScenario struct {
	client   *benchClient
	receiver *benchReceiver // nil: an end is found by polling
	patience time.Duration  // how long a payout's end is waited for
	customer string
	method   string // saved card
	token    atomic.Pointer[benchToken]
	page     atomic.Pointer[string] // the last payout of the page read last; empty: begin anew
}

// benchToken is a payment token and when it was minted.
type benchToken struct {
	token string
	at    time.Time
}

// benchTokenAge is when a token is minted anew: long before the server's
// rest.payment_token_ttl ends, 15 minutes by default.
const benchTokenAge = 3 * time.Minute

// operation returns what the load repeats.
func (s *benchScenario) operation(name string) func(context.Context, uint64) benchOutcome {
	return map[string]func(context.Context, uint64) benchOutcome{
		"create": s.create, "pay": s.pay, "saved": s.saved, "list": s.list, "mixed": s.mixed,
	}[name]
}

// mixed is, of ten operations, five creates, two pays, one saved and two
// lists: a shop's day, where much is prepared, part of it is paid at once and
// somebody watches.
func (s *benchScenario) mixed(ctx context.Context, seq uint64) benchOutcome {
	switch seq % 10 {
	case 3, 8:
		return s.pay(ctx, seq)
	case 5:
		return s.saved(ctx, seq)
	case 2, 7:
		return s.list(ctx, seq)
	}
	return s.create(ctx, seq)
}

// create stores a payout that nobody sends: it is not confirmed.
func (s *benchScenario) create(_ context.Context, seq uint64) benchOutcome {
	ref := s.ref(seq)
	_, _, failure := s.post(ref, s.body(ref, false, benchBank))
	return benchOutcome{requests: 1, failure: failure}
}

// pay runs a new payout to a new card, which the test provider pays at once.
func (s *benchScenario) pay(ctx context.Context, seq uint64) benchOutcome {
	ref := s.ref(seq)
	return s.toTheEnd(ctx, ref, s.body(ref, true, benchCard))
}

// saved is pay with the saved card, named in turns by token and by id.
func (s *benchScenario) saved(ctx context.Context, seq uint64) benchOutcome {
	ref := s.ref(seq)
	if seq%2 == 0 {
		return s.toTheEnd(ctx, ref, s.body(ref, true, `"payout_type":"card","payout_method_id":"`+s.method+`"`))
	}
	old := s.token.Load()
	extra := 0
	if time.Since(old.at) > benchTokenAge && s.token.CompareAndSwap(old, &benchToken{old.token, time.Now()}) {
		if failure := s.mint(); failure != "" {
			return benchOutcome{requests: 1, failure: failure}
		}
		extra = 1
	}
	out := s.toTheEnd(ctx, ref, s.body(ref, true, `"payout_type":"card","payout_token":"`+s.token.Load().token+`"`))
	out.requests += extra
	return out
}

// list reads the next page of twenty, from the newest on.
func (s *benchScenario) list(context.Context, uint64) benchOutcome {
	path := "/payouts/list?limit=20"
	if last := s.page.Load(); last != nil && *last != "" {
		path += "&ending_before=" + *last
	}
	var page struct {
		Data []struct {
			PayoutID string `json:"payout_id"`
		} `json:"data"`
	}
	failure := s.client.call("GET", path, "", nil, func(b []byte) error { return benchDecode(b, &page) })
	next := ""
	if len(page.Data) == 20 {
		next = page.Data[19].PayoutID
	}
	s.page.Store(&next)
	if failure == "" && len(page.Data) == 0 {
		failure = "empty page"
	}
	return benchOutcome{requests: 1, failure: failure}
}

// benchEnded says whether a payout's status is an end.
func benchEnded(status string) bool {
	switch status {
	case "success", "failed", "cancelled", "expired", "reversed", "ineligible":
		return true
	}
	return false
}

// benchEnding is the failure's class of a status that is an end; empty for success.
func benchEnding(status string) string {
	if status == "success" {
		return ""
	}
	return "payout ended " + status
}

// toTheEnd creates a payout that is sent at once, and waits for its end.
func (s *benchScenario) toTheEnd(ctx context.Context, ref string, body []byte) benchOutcome {
	var notices <-chan benchNotice
	if s.receiver != nil {
		notices = s.receiver.expect(ref)
		defer s.receiver.forget(ref)
	}
	id, status, failure := s.post(ref, body)
	out := benchOutcome{requests: 1, failure: failure}
	switch {
	case failure != "":
		return out
	case notices == nil:
		return s.poll(ctx, id, status, out)
	case benchEnded(status) && status != "success":
		out.failure = benchEnding(status)
		return out
	}
	return s.await(ctx, id, notices, out)
}

// await waits for the webhook that tells of the end.
func (s *benchScenario) await(ctx context.Context, id string, notices <-chan benchNotice, out benchOutcome) benchOutcome {
	patience := time.NewTimer(s.patience)
	defer patience.Stop()
	select {
	case n := <-notices:
		if out.failure = benchEnding(n.status); out.failure == "" {
			out.finished = 1
		}
		if n.payout != id {
			out = benchOutcome{requests: out.requests, failure: "webhook of another payout"}
		}
	case <-patience.C:
		out.failure = "no webhook within " + s.patience.String()
	case <-ctx.Done():
		out.failure = "interrupted"
	}
	return out
}

// poll asks until the end, at first every 10 ms.
func (s *benchScenario) poll(ctx context.Context, id, status string, out benchOutcome) benchOutcome {
	until := time.Now().Add(s.patience)
	for every := 10 * time.Millisecond; ; every = min(2*every, 500*time.Millisecond) {
		if benchEnded(status) {
			if out.failure = benchEnding(status); out.failure == "" {
				out.finished = 1
			}
			return out
		}
		if time.Now().After(until) {
			out.failure = "no end within " + s.patience.String()
			return out
		}
		if !benchWait(ctx, every) {
			out.failure = "interrupted"
			return out
		}
		out.requests++
		if _, status, out.failure = s.payout("GET", "/payouts/"+id, "", nil); out.failure != "" {
			return out
		}
	}
}

func (s *benchScenario) ref(seq uint64) string {
	return s.client.run + "_" + strconv.FormatUint(seq, 10)
}

func (s *benchScenario) post(ref string, body []byte) (id, status, failure string) {
	return s.payout("POST", "/payouts/create", ref, body)
}

// payout makes a call that is answered with a payout.
func (s *benchScenario) payout(method, path, once string, body []byte) (id, status, failure string) {
	failure = s.client.call(method, path, once, body, func(b []byte) error {
		id, status = benchMember(b, `"payout_id":"`), benchMember(b, `"status":"`)
		if id == "" || status == "" {
			return errors.New("answer without payout_id and status")
		}
		return nil
	})
	return id, status, failure
}

// benchMember is the text behind the first occurrence of name, up to the next
// quote. The answer is the server's own, whose ids and statuses need no
// escapes; decoding all of it would cost as much as making it.
func benchMember(b []byte, name string) string {
	_, text, found := bytes.Cut(b, []byte(name))
	if !found {
		return ""
	}
	text, _, _ = bytes.Cut(text, []byte(`"`))
	return string(text)
}

func benchDecode(b []byte, into any) error {
	if err := wire.Decode(b, into, wire.DecodeOptions{IgnoreUnknown: true}); err != nil {
		return errors.New("answer not understood")
	}
	return nil
}

// setup makes what the scenario's operations need.
func (s *benchScenario) setup(ctx context.Context, name string) error {
	s.customer = s.client.run
	if failure := s.makeCustomer(s.customer); failure != "" {
		return withNext(fmt.Errorf("create the bench's customer: %s", failure),
			"see that the server runs at --url, and that --api-key is a secret key with the scopes customers and payouts")
	}
	if name == "saved" || name == "mixed" {
		if err := s.save(); err != nil {
			return err
		}
	}
	if name == "list" || name == "mixed" {
		for i := range uint64(100) {
			if out := s.create(ctx, benchSetupSeq+i); out.failure != "" {
				return fmt.Errorf("create a payout to be listed: %s", out.failure)
			}
		}
	}
	if s.receiver != nil && name != "create" && name != "list" {
		return s.tryWebhook(ctx)
	}
	return nil
}

// makeCustomer makes a customer, once.
func (s *benchScenario) makeCustomer(id string) (failure string) {
	body := fmt.Appendf(nil, `{"customer_id":%q,"name":"Ada Bench","email":"success@sandbox.test"}`, id)
	return s.client.call("POST", "/customers", id+"_made", body, func([]byte) error { return nil })
}

// benchSetupSeq numbers the operations before the load, which count from zero.
const benchSetupSeq = 1 << 62

// save puts a card into the locker.
func (s *benchScenario) save() error {
	body := fmt.Appendf(nil, `{"customer_id":%q,"payment_method":"card","payment_method_type":"debit","card":{"card_number":%q,"card_exp_month":"12","card_exp_year":"2035","card_holder_name":"Ada Bench"}}`,
		s.customer, benchCardNumber)
	failure := s.client.call("POST", "/payment_methods", s.client.run+"_method", body, func(b []byte) error {
		s.method = benchMember(b, `"payment_method_id":"`)
		return nil
	})
	if failure == "" {
		failure = s.mint()
	}
	if failure != "" || s.method == "" {
		return fmt.Errorf("save the bench's card: %s", failure)
	}
	return nil
}

// mint lists the customer's methods, which gives a fresh token.
func (s *benchScenario) mint() string {
	var listed struct {
		Methods []struct {
			Token string `json:"payment_token"`
		} `json:"customer_payment_methods"`
	}
	failure := s.client.call("GET", "/customers/"+s.customer+"/payment_methods", "", nil, func(b []byte) error { return benchDecode(b, &listed) })
	if failure == "" && (len(listed.Methods) == 0 || listed.Methods[0].Token == "") {
		failure = "no payment token was listed"
	}
	if failure == "" {
		s.token.Store(&benchToken{listed.Methods[0].Token, time.Now()})
	}
	return failure
}

// tryWebhook runs one payout, so that a receiver nobody delivers to is found
// before the load and not by a minute of waiting.
func (s *benchScenario) tryWebhook(ctx context.Context) error {
	defer func(patience time.Duration) { s.patience = patience }(s.patience)
	s.patience = min(s.patience, 10*time.Second)
	out := s.pay(ctx, benchSetupSeq-1)
	switch {
	case out.failure == "":
		return nil
	case s.receiver.bad.Load() > 0:
		return withNext(errors.New("webhooks arrive, and their signature or body is not what it should be"),
			"give the whsec_... of the endpoint as --webhook-secret; its profile must be rest")
	}
	return withNext(fmt.Errorf("run one payout to its webhook: %s", out.failure),
		"name the receiver in egress.allow of the server, and register it: penstock webhook add http://HOST:PORT/ --profile rest")
}
