package hosted_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/hosted"
)

const plain = `{"amount":"10.00","currency":"EUR","type":"payout"}`

// TestWhatARepeatMeans is the whole matrix of what is sent and what is sent
// after it: the key, the form of the body, its amount.
func TestWhatARepeatMeans(t *testing.T) {
	const (
		same   = "same payment"
		other  = "another payment"
		reused = "refused as reused"
	)
	bodies := map[string]string{
		"same": plain, "reordered": "{ \"type\" : \"payout\",\n \"currency\":\"EUR\", \"amount\":\"10.00\" }", "10.0": strings.Replace(plain, "10.00", "10.0", 1), "changed": strings.Replace(plain, "10.00", "11.00", 1),
	}
	for _, first := range []string{"", "K1"} {
		for _, second := range []string{"", "K1", `"K1"`, "K2"} {
			for name, body := range bodies {
				want := same
				switch {
				case second == "" && name == "changed":
					want = other
				case second == "":
				case first == "K1" && second != "K2" && name == "changed":
					want = reused
				case first != "K1" || second == "K2":
					want = other // a key that is new is a payment that is new
				}
				for _, how := range []string{"at once", "after a crash", "by another token"} {
					t.Run(strings.Join([]string{first, second, name, how}, "/"), func(t *testing.T) {
						s := newShop(t)
						one := s.do("POST", "/api/payments", plain, "Idempotency-Key: "+first).is(201)
						switch how {
						case "after a crash":
							must(t, s.Crash())
							s.serve(hosted.DefaultSettings())
						case "by another token":
							_, err := s.Engine.RevokeKey(s.Ctx, operator("shop", engine.Test), s.tokenID)
							must(t, err)
							s.token, _ = s.newToken("shop", engine.TokenSettings{}, engine.Payouts)
						}
						two := s.do("POST", "/api/payments", body, "Idempotency-Key: "+second)
						switch want {
						case same:
							if two.is(200); two.body != one.body || two.header.Get("Idempotent-Replayed") != "true" {
								t.Errorf("a repeat answers %s, want %s", two.body, one.body)
							}
						case other:
							if two.is(201); two.str("id") == one.str("id") {
								t.Error("it is the same payment")
							}
						case reused:
							two.refused(422, "idempotency_key_reused")
						}
					})
				}
			}
		}
	}
}

func TestABodyIsForgottenAfterItsWindow(t *testing.T) {
	for _, row := range []struct {
		window time.Duration
		wait   time.Duration
		same   bool
	}{{24 * time.Hour, 24*time.Hour - time.Second, true}, {24 * time.Hour, 24 * time.Hour, false}, {0, 0, false}, {hosted.Forever, 2000 * time.Hour, true}} {
		s := newShop(t, func(set *hosted.Settings) { set.BodyWindow, set.LinkTTL = row.window, 3000*time.Hour })
		one := s.do("POST", "/api/payments", plain).is(201)
		s.Clock.Advance(row.wait)
		if two := s.do("POST", "/api/payments", plain); (two.str("id") == one.str("id")) != row.same {
			t.Errorf("window %v, after %v: the same payment is %v, want %v", row.window, row.wait, !row.same, row.same)
		}
		if keyed := s.do("POST", "/api/payments", plain, "Idempotency-Key: K").is(201); s.do("POST", "/api/payments", plain, "Idempotency-Key: K").is(200).body != keyed.body {
			t.Error("a key is forgotten with the body")
		}
	}
}

// TestTheLatestOfEqualBodiesIsRepeated: a key makes another payment, and what
// comes without one then is a repeat of that.
func TestTheLatestOfEqualBodiesIsRepeated(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/api/payments", plain, "Idempotency-Key: K1").is(201)
	latest := s.do("POST", "/api/payments", plain, "Idempotency-Key: K2").is(201)
	if r := s.do("POST", "/api/payments", plain).is(200); r.body != latest.body {
		t.Errorf("without a key it is %s, want the latest, %s", r.body, latest.body)
	}
}

func TestAnExternalIDStandsForOnePayment(t *testing.T) {
	s := newShop(t)
	one := s.do("POST", "/api/payments", with("externalId", `"e"`)).is(201)
	two := s.do("POST", "/api/payments", with("externalId", `"f"`)).is(201)
	if one.str("id") == two.str("id") || one.str("url") == two.str("url") {
		t.Error("two externalIds are one payment")
	}
	s.Clock.Advance(100 * 24 * time.Hour)
	for _, key := range []string{"", "new"} {
		if r := s.do("POST", "/api/payments", with("externalId", `"e"`), "Idempotency-Key: "+key).is(200); r.body != one.body {
			t.Errorf("with key %q it is %s", key, r.body)
		}
	}
	changed := strings.Replace(with("externalId", `"e"`), "10.00", "11.00", 1)
	r := s.do("POST", "/api/payments", changed).refused(409, "external_id_conflict", "#/externalId")
	if r.str("existingId") != one.str("id") {
		t.Errorf("the conflict names %q, want %q", r.str("existingId"), one.str("id"))
	}
	loose := newShop(t, func(set *hosted.Settings) { set.ExternalIDUnique = false })
	loose.do("POST", "/api/payments", with("externalId", `"e"`)).is(201)
	loose.do("POST", "/api/payments", changed).is(201)
}

func TestANameMayBeDemanded(t *testing.T) {
	s := newShop(t)
	strict, _ := s.newToken("shop", engine.TokenSettings{RequireName: true}, engine.Payouts)
	h := "Authorization: Bearer " + strict
	s.do("POST", "/api/payments", plain, h).refused(422, "name_required", "#/externalId")
	s.do("POST", "/api/payments", plain, h, "Idempotency-Key: K").is(201)
	s.do("POST", "/api/payments", with("externalId", `"e"`), h).is(201)
	newShop(t, func(set *hosted.Settings) { set.RequireExternalID = true }).do("POST", "/api/payments", plain).refused(422, "name_required", "#/externalId")
}

// TestManyEqualCreatesAreOnePayment sends them all at one time.
func TestManyEqualCreatesAreOnePayment(t *testing.T) {
	for _, key := range []string{"", "K"} {
		s := newShop(t)
		const n = 50
		got := make([]reply, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { got[i] = s.do("POST", "/api/payments", plain, "Idempotency-Key: "+key) })
		}
		all.Wait()
		first := 0
		for _, r := range got {
			if r.status == 201 {
				first++
			}
			if r.body != got[0].body {
				t.Errorf("key %q: two answers differ:\n%s\n%s", key, r.body, got[0].body)
			}
		}
		if list := s.do("GET", "/api/payments", "").is(200); first != 1 || strings.Count(list.body, `"id"`) != 1 {
			t.Errorf("key %q: %d made, listed are %s", key, first, list.body)
		}
	}
}

// TestARefusedCreateLeavesItsKeyFree: nothing is stored of what was refused.
func TestARefusedCreateLeavesItsKeyFree(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/api/payments", strings.Replace(plain, "10.00", "10.001", 1), "Idempotency-Key: K").refused(422, "validation_failed", "#/amount")
	s.do("POST", "/api/payments", plain, "Idempotency-Key: K").is(201)
}
