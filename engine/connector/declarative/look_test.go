package declarative

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// listing is a form whose look-up goes through pages of two, of at most three.
func listing(t testing.TB) *Form {
	return small(t, `kind = "none"`, `
[lookup]
path = "/list"
query = { from = "{since}" }
list = { items = "/items", size = 2, size_param = "n", page_param = "page", most = 3 }
[lookup.answer]
ok = [200]
key = "/key"
amount = "/sum"
currency = "/cur"
ref = "/id"
status = "/status"
words = { ok = "paid", made = "absent" }
`)
}

func TestAListIsReadToItsEnd(t *testing.T) {
	ours, other := `{"id":7,"key":"po_1","sum":"12.50","cur":"EUR","status":"ok"}`, `{"id":8,"key":"x","sum":"1.00","cur":"EUR","status":"odd"}`
	date := SampleTime().Format(http.TimeFormat)
	for _, row := range []struct {
		name  string
		items []string
		date  string
		want  connector.Verdict
	}{
		{"on the first page", []string{ours}, date, connector.Paid},
		{"on the second", []string{other, other, ours}, date, connector.Paid},
		{"on the last", []string{other, other, other, other, ours}, date, connector.Paid},
		{"nothing at all", nil, date, connector.Absent},
		{"others only", []string{other, other, other}, date, connector.Absent},
		{"others only, the last page full", []string{other, other, other, other}, date, connector.Absent},
		{"more than is read", []string{other, other, other, other, other, other}, date, connector.Unknown},
		{"found, and more than is read", []string{ours, other, other, other, other, other}, date, connector.Unknown},
		{"twice on a page", []string{ours, ours}, date, connector.Unknown},
		{"twice over pages", []string{ours, other, ours}, date, connector.Unknown},
		{"another amount", []string{strings.Replace(ours, "12.50", "12.51", 1)}, date, connector.Unknown},
		{"another currency", []string{strings.Replace(ours, "EUR", "USD", 1)}, date, connector.Unknown},
		{"a word that there isn't", []string{strings.Replace(ours, `"ok"`, `"odd"`, 1)}, date, connector.Unknown},
		{"made and not sent", []string{strings.Replace(ours, `"ok"`, `"made"`, 1)}, date, connector.Absent},
		{"an item without a key", []string{`{"id":9}`, `{"id":9,"key":null}`}, date, connector.Absent},
		{"an item with an odd key", []string{`{"id":9,"key":5}`}, date, connector.Unknown},
		{"an item that is none", []string{`7`}, date, connector.Unknown},
		{"without a date", nil, "", connector.Unknown},
		{"provider's clock before the send", nil, SampleTime().Add(-2 * time.Hour).Format(http.TimeFormat), connector.Unknown},
	} {
		p := &smallProvider{}
		p.answer = func(r *http.Request) (int, string) {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			if r.URL.Query().Get("n") != "2" || r.URL.Query().Get("from") != "2026-02-23T09:30:00Z" {
				t.Errorf("%s: asked %s", row.name, r.URL.RawQuery)
			}
			from, to := min((page-1)*2, len(row.items)), min(page*2, len(row.items))
			return 200, `{"items":[` + strings.Join(row.items[from:to], ",") + `]}`
		}
		f := listing(t)
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
			if err == nil {
				resp.Header.Set("Date", row.date)
			}
			return resp, err
		})
		server := p.serve(t)
		c, err := New(f, lend(transport))(connector.Account{Test: true, BaseURL: server, Secrets: map[string]string{"user": "ada", "secret": "canary"}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.(connector.Seeker).Seek(context.Background(), connector.Question{Key: "po_1", Amount: money.New(1250, money.MustCurrency("EUR")), Sent: SampleTime().Add(-time.Hour)})
		if out.Verdict != row.want || (err != nil) != (row.want == connector.Unknown) {
			t.Errorf("%s: got %s, %v, want %s", row.name, out.Verdict, err, row.want)
		}
		if out.Verdict == connector.Absent && out.Ref != "" {
			t.Errorf("%s: absent under the name %q", row.name, out.Ref)
		}
	}
}

// TestFollowingAloneIsNoLookup: a form with a poll and no look-up answers only
// questions with a Ref.
func TestFollowingAloneIsNoLookup(t *testing.T) {
	f := small(t, `kind = "none"`, `
[poll]
path = "/pay/{ref}"
`)
	p := &smallProvider{answer: func(r *http.Request) (int, string) {
		return 200, fmt.Sprintf(`{"key":"po_1","status":"ok","id":%q}`, r.URL.Path)
	}}
	c := p.connect(t, f, SampleTime)
	if tr := c.Traits(); tr.Lookup || !tr.Follow {
		t.Errorf("traits: got %+v", tr)
	}
	s := c.(connector.Seeker)
	if out, err := s.Seek(context.Background(), connector.Question{Key: "po_1", Ref: "tr_1"}); err != nil || out.Verdict != connector.Paid {
		t.Errorf("with a ref: got %+v, %v", out, err)
	}
	if out, err := s.Seek(context.Background(), connector.Question{Key: "po_1"}); out.Verdict != connector.Unknown || !errors.Is(err, connector.ErrNoLookup) {
		t.Errorf("without a ref: got %+v, %v", out, err)
	}
	p.answer = func(*http.Request) (int, string) { return 404, `{"error":"none"}` }
	if out, _ := s.Seek(context.Background(), connector.Question{Key: "po_1", Ref: "tr_1"}); out.Verdict != connector.Unknown {
		t.Errorf("gone: got %s, want unknown", out.Verdict)
	}
}
