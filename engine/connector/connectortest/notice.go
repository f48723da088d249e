package connectortest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"penstock/engine/connector"
)

func notificationIsVerifiedFirst(p *probe) {
	n := p.notifier()
	header, body, want := p.Notice(k("notice"))
	for range 2 { // a provider says things twice
		if got, err := n.Notification(header, body); err != nil || !reflect.DeepEqual(got, want) {
			p.errorf("true notification: got %+v, %v, want %+v", got, err, want)
		}
	}
	for what, forged := range forgeries(header, body) {
		if got, err := n.Notification(forged.header, forged.body); !errors.Is(err, connector.ErrSignature) || !reflect.DeepEqual(got, connector.Notice{}) {
			p.errorf("%s: got %+v, %v, want ErrSignature and nothing else", what, got, err)
		}
	}
}

// built is a connector to nobody.
func (p *probe) built() connector.Connector {
	if p.Build == nil {
		return p.Live(p.t).Connector
	}
	c, err := p.Build(http.DefaultTransport)(connector.Account{ID: "mca_test", Provider: "test", Test: true, BaseURL: "http://127.0.0.1:1", Secrets: p.Secrets})
	if err != nil {
		p.fatalf("build connector: %v", err)
	}
	return c
}

func (p *probe) notifier() connector.Notifier {
	n, ok := p.built().(connector.Notifier)
	if !ok {
		p.fatalf("the harness has notifications and the connector reads none")
	}
	return n
}

// hostileNotificationIsNoWord gives the connector what the provider might sign
// if it were broken or broken into.
func hostileNotificationIsNoWord(p *probe) {
	n := p.notifier()
	_, body, want := p.Notice(k("notice"))
	say := func(what string, body []byte) (connector.Notice, error) {
		var got connector.Notice
		_, err := p.await(what, func() (_ connector.Outcome, err error) {
			got, err = n.Notification(p.Sign(body), body)
			return connector.Outcome{}, err
		})
		if err != nil && !reflect.DeepEqual(got, connector.Notice{}) {
			p.errorf("%s: got %+v with an error", what, got)
		}
		p.quiet(what, fmt.Sprint(err), connector.Instruction{})
		return got, err
	}
	if got, err := say("true notification", body); err != nil || !reflect.DeepEqual(got, want) {
		p.errorf("true notification, signed anew: got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{
		"", "{", "{}", "[]", "null", "1", `"paid"`, "<html>", string(body) + "x", string(body) + string(body), twice(string(body)), string(body[:len(body)/2]),
		strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000), strings.Replace(string(body), `"`, "\"\xff", 1), `{"pad":"` + strings.Repeat("a", 16<<20) + `",` + string(body[1:]),
	} {
		if got, err := say(fmt.Sprintf("signed %.20q", text), []byte(text)); err == nil {
			p.errorf("signed %.20q: got %+v and no error", text, got)
		}
	}
	for _, odd := range oddThings() {
		matter := 0
		for i := 0; ; i++ {
			text, found := oddMember(string(body), i, odd)
			if !found {
				break
			}
			got, err := say("signed, an odd member", []byte(text))
			if err == nil && got.Outcome.Verdict != want.Outcome.Verdict {
				p.errorf("signed %.300s: got %s", text, got.Outcome.Verdict)
			}
			if !reflect.DeepEqual(got, want) {
				matter++
			}
		}
		if matter < 2 {
			p.errorf("signed, with %.12s in the place of any member: %d members matter, want the status and the name of the transfer", odd, matter)
		}
	}
}

// oldNotificationIsHarmless: it is refused, or it says what it said.
func oldNotificationIsHarmless(p *probe) {
	n := p.notifier()
	_, _, want := p.Notice(k("notice"))
	for _, ago := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 400 * 24 * time.Hour} {
		header, body := p.OldNotice(k("notice"), ago)
		got, err := n.Notification(header, body)
		if errors.Is(err, connector.ErrSignature) && reflect.DeepEqual(got, connector.Notice{}) {
			continue
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			p.errorf("notification of %v ago: got %+v, %v, want %+v or ErrSignature", ago, got, err, want)
		}
	}
}

type message struct {
	header http.Header
	body   []byte
}

// forgeries are messages that the provider did not sign, unreadable ones
// among them: the signature is judged before the body is.
func forgeries(header http.Header, body []byte) map[string]message {
	out := map[string]message{
		"no headers":            {http.Header{}, body},
		"no body":               {header, nil},
		"another body":          {header, bytes.Replace(body, []byte(`"`), []byte(` "`), 1)},
		"another key":           {header, bytes.Replace(body, []byte(k("notice")), []byte(k("forged")), 1)},
		"body with a blank":     {header, append(bytes.Clone(body), ' ')},
		"unreadable body":       {header, []byte("{")},
		"unsigned and not JSON": {http.Header{}, []byte("<html>")},
	}
	for _, name := range []string{"another body", "another key"} {
		if bytes.Equal(out[name].body, body) { // it has none of that
			delete(out, name)
		}
	}
	for name, values := range header {
		for i := range values {
			if name == "Content-Type" || name == "User-Agent" {
				continue
			}
			for what, change := range map[string]func(string) string{
				"cut":   func(v string) string { return v[:len(v)-1] },
				"other": func(v string) string { return v[:len(v)-1] + string(v[len(v)-1]^1) },
				"empty": func(string) string { return "" },
				"long":  func(v string) string { return v + "0" },
			} {
				h := header.Clone()
				h[name][i] = change(values[i])
				out[name+" "+what] = message{h, body}
			}
		}
	}
	return out
}
