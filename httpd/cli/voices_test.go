package cli

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/httpd/hosted"
	"penstock/httpd/jsonapi"
	"penstock/httpd/rest"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

// voice tells the story of one payout in the words of one dialect.
type voice struct {
	t      *testing.T
	world  *sim.World
	client *http.Client
	key    string
}

func newVoice(t *testing.T) *voice {
	t.Helper()
	good := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	set := hosted.DefaultSettings()
	w, err := sim.New(sim.Config{Seed: 7, Render: map[string]engine.Render{"rest": rest.Render, "jsonapi": jsonapi.Render, "hosted": hosted.Renderer("https://pay.example", set)}})
	good(err)
	f, err := wire.New(wire.Config{Now: w.Clock.Now, Random: rand.Reader, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	good(err)
	a, err := rest.New(rest.Config{Engine: w.Engine, Funnel: f, Now: w.Clock.Now, Random: rand.Reader})
	good(err)
	b, err := jsonapi.New(jsonapi.Config{Engine: w.Engine, Funnel: f, Now: w.Clock.Now, Random: rand.Reader})
	good(err)
	c, err := hosted.New(hosted.Config{Engine: w.Engine, Funnel: f, Now: w.Clock.Now, PublicURL: "https://pay.example", Settings: set})
	good(err)
	mux, err := wire.NewMux(f, slices.Concat([]wire.Mount{a.Mount()}, b.Mounts(), c.Mounts())...)
	good(err)
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
	_, err = w.Engine.CreateMerchant(w.Ctx, me, "shop", "Shop")
	good(err)
	k, err := w.Engine.CreateKey(w.Ctx, me, engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: engine.Rights(), Token: &engine.TokenSettings{}})
	good(err)
	return &voice{t, w, wiretest.Client(t, mux), k.Secret}
}

func (v *voice) call(method, path, kind, body string) string {
	v.t.Helper()
	req, err := http.NewRequest(method, "http://pay.example"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+v.key)
	if body != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		v.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, raw, err)
	}
	return string(raw)
}

func (v *voice) field(body string, path ...string) string {
	v.t.Helper()
	var at any
	if err := json.Unmarshal([]byte(body), &at); err != nil {
		v.t.Fatalf("%s: %v", body, err)
	}
	for _, name := range path {
		switch in := at.(type) {
		case map[string]any:
			at = in[name]
		case []any:
			at = in[0]
		}
	}
	return fmt.Sprint(at)
}

// score is what the engine has written down of the one request there is.
func (v *voice) score() string {
	v.t.Helper()
	if err := v.world.Run(time.Minute); err != nil {
		v.t.Fatal(err)
	}
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Rights: engine.Rights()}
	all, _, err := v.world.Engine.List(v.world.Ctx, me, engine.Filter{}, 0, 10)
	if err != nil || len(all) != 1 {
		v.t.Fatalf("%d requests, %v", len(all), err)
	}
	r := all[0]
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s by %s, %d payouts of %s\n", r.Stage, r.Amount, r.Service, len(r.Payouts), r.Payouts[0].Amount)
	for _, l := range r.History {
		fmt.Fprintf(&b, "%s on %d -> %s %s\n", l.What, l.On, l.To, l.Text)
	}
	return b.String()
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// TestThreeVoicesOneScore: the same payout, asked for in each dialect of an
// appliance of the same seed, leaves the same history, to its end. Who said
// what differs: a merchant's key, a recipient, the worker.
func TestThreeVoicesOneScore(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for name, account := range map[string]string{"paid": "NL69TEST0000000001", "refused": "NL85TEST0000000004", "late": "NL47TEST0000000009"} {
		t.Run(name, func(t *testing.T) {
			a := newVoice(t)
			a.call("POST", "/payouts/create", "application/json", `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada Example","confirm":true,"auto_fulfill":true,"payout_type":"bank","payout_method_data":{"bank":{"iban":"`+account+`"}}}`)

			b := newVoice(t)
			point := b.field(b.call("GET", "/v1/payout-gateway/payout-points", "", ""), "data", "0", "id")
			b.call("POST", "/v1/payout-gateway/payout-requests", "application/vnd.api+json", `{"data":{"type":"payout-requests","attributes":{"point_id":"`+point+`","point_amount":"12.50","point_currency":"EUR","service":"sepa_eur","fields":{"iban":"`+account+`","recipient_name":"Ada Example"},"autoprocess":true}}}`)

			c := newVoice(t)
			page, err := url.Parse(c.field(c.call("POST", "/api/payments", "application/json", `{"amount":"12.50","currency":"EUR","type":"payout","customer":{"id":"ada","name":"Ada Example"}}`), "url"))
			if err != nil {
				t.Fatal(err)
			}
			fill := func(text string, more ...string) string {
				q := url.Values{}
				for _, m := range hiddenField.FindAllStringSubmatch(text, -1) {
					q.Set(m[1], html.UnescapeString(m[2]))
				}
				for i := 0; i < len(more); i += 2 {
					q.Set(more[i], more[i+1])
				}
				return q.Encode()
			}
			details := c.call("GET", page.RequestURI()+"&method=sepa_eur", "", "")
			review := c.call("POST", page.Path, form, fill(details, "f.iban", account, "f.recipient_name", "Ada Example"))
			c.call("POST", page.Path, form, fill(review, "step", "confirm"))

			one, two, three := a.score(), b.score(), c.score()
			if one != two || one != three {
				t.Errorf("rest:\n%s\njsonapi:\n%s\nhosted:\n%s", one, two, three)
			}
		})
	}
}
