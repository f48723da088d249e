// Package formtest holds a provider in the form of a file to the contract of
// connectors: against a provider that is made from the form's own samples, on
// a raw socket, with everything that can go wrong. It is what `penstock
// connector test` runs.
package formtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/connector/declarative"
	"penstock/engine/money"
)

// Harness makes the contract's harness of a form; the error says what its
// samples lack for that.
func Harness(f *declarative.Form) (connectortest.Harness, error) {
	s, err := f.Stage()
	if err != nil {
		return connectortest.Harness{}, err
	}
	key, amount := s.Echoes()
	return connectortest.Harness{
		Build:       func(rt http.RoundTripper) connector.Builder { return declarative.New(f, s.Host(rt)) },
		Secrets:     s.Secrets(),
		Public:      s.Public(),
		Currency:    s.Currency(),
		Amounts:     amounts(s),
		Instruction: s.Order,
		Moves:       s.Moves,
		KeyOf: func(*http.Request, []byte) string {
			key, _ := s.Ordered()
			return key
		},
		AmountOf: func(*http.Request, []byte) (money.Amount, error) {
			_, amount := s.Ordered()
			return amount, nil
		},
		Answer: func(v connector.Verdict, in connector.Instruction) connectortest.Script {
			if v == connectortest.NoSuchWord {
				v = declarative.NoWord
			}
			reply, ok := s.Answers(v, in)
			if !ok {
				return nil
			}
			return func(r *http.Request, body []byte) string {
				out := reply(r, body)
				return dated(connectortest.JSON(out.Status, out.Body))
			}
		},
		EchoesKey: key, EchoesAmount: amount, Lists: s.Lists(), AcceptsFirst: s.AcceptsFirst(),
	}, nil
}

// dated is an answer with the date that a list is believed by.
func dated(answer string) string {
	return strings.Replace(answer, "\r\n", "\r\nDate: "+declarative.SampleTime().Format(http.TimeFormat)+"\r\n", 1)
}

// amounts are those of the contract, and the same in each currency of the form.
func amounts(s *declarative.Stage) []money.Amount {
	out := connectortest.Amounts()
	for _, code := range s.Currencies() {
		c, err := money.ParseCurrency(code)
		if err != nil {
			continue
		}
		for _, minor := range []int64{1, 10, 1005, 9_007_199_254_740_993} {
			out = append(out, money.New(minor, c))
		}
	}
	return out
}

// Result is what was found of a form.
type Result struct {
	Name     string // a promise of the contract, or "Samples"
	Problems []string
}

// Run replays the samples and runs the contract.
func Run(f *declarative.Form) []Result {
	out := []Result{{"Samples", f.Replay()}}
	h, err := Harness(f)
	if err != nil {
		return append(out, Result{"Contract", []string{fmt.Sprintf("can't be run: %v", err)}})
	}
	for _, r := range connectortest.Check(h) {
		out = append(out, Result(r))
	}
	return out
}

// Test is Run for a test.
func Test(t *testing.T, f *declarative.Form) {
	t.Helper()
	for _, r := range Run(f) {
		for _, problem := range r.Problems {
			t.Errorf("%s: %s", r.Name, problem)
		}
	}
}
