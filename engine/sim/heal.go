package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/webhook"
	"penstock/store"
)

// judge holds the world against the invariants; the first act after which one
// does not hold ends the story.
func (s *story) judge() error {
	s.result.Checks++
	var err error
	if s.w.known, err = s.w.requests(); err != nil {
		return err
	}
	defer func() { s.w.known = nil }()
	bad, err := s.w.Judge()
	if err != nil {
		return err
	}
	parts := []func() ([]string, error){s.judgeEnds, s.judgeAnswers, s.judgeWebhooks, s.judgeRepeats}
	if s.gate != nil {
		parts = append(parts, s.gate.judge)
	}
	if s.pays != nil {
		parts = append(parts, s.pays.judge)
	}
	for _, part := range parts {
		more, err := part()
		if err != nil {
			return err
		}
		bad = append(bad, more...)
	}
	if len(bad) == 0 {
		return nil
	}
	s.result.Findings = append(s.result.Findings, bad...)
	return errFound
}

// judgeEnds: an end never changes, but for money that came back (I6).
func (s *story) judgeEnds() (bad []string, err error) {
	now, err := s.w.payouts()
	if err != nil {
		return nil, err
	}
	s.result.Payouts = len(now)
	for key, was := range s.ended {
		p, there := now[key]
		back := (was == payout.Paid || was == payout.PartlyPaid) && p.Status == payout.Returned
		if !there || (p.Status != was && !back) {
			bad = append(bad, fmt.Sprintf("I6 %s had ended as %s and is now %q", key, was, p.Status))
		}
	}
	for key, p := range now {
		if p.Status.Ended() {
			s.ended[key] = p.Status
		}
	}
	return bad, nil
}

// judgeAnswers: what was acknowledged is there (I4).
func (s *story) judgeAnswers() (bad []string, err error) {
	for key, a := range s.asked {
		id, _, _ := strings.Cut(string(a.answer), " ")
		if id == "" {
			continue
		}
		_, err := s.w.Engine.Get(s.w.Ctx, a.by, engine.PrefixRequest, engine.PrefixRequest+id)
		var refused *engine.Error
		if errors.As(err, &refused) {
			bad = append(bad, fmt.Sprintf("I4 %s was acknowledged as %s, which does not exist", key, id))
		} else if err != nil {
			return nil, err
		}
	}
	return bad, nil
}

// judgeWebhooks: each message is signed, says the same on every attempt, and
// tells what was so at its line of the history (I9).
func (s *story) judgeWebhooks() (bad []string, err error) {
	bodies, ids := map[string]string{}, map[string]string{}
	for _, m := range s.w.Receiver.Got {
		id := m.Header.Get("webhook-id")
		if was, ok := bodies[id]; ok && was != string(m.Body) {
			bad = append(bad, fmt.Sprintf("I9 message %s said %s first and %s later", id, was, m.Body))
		}
		if other, ok := ids[m.Host+string(m.Body)]; ok && other != id {
			bad = append(bad, fmt.Sprintf("I9 messages %s and %s tell the same to %s", other, id, m.Host))
		}
		bodies[id], ids[m.Host+string(m.Body)] = string(m.Body), id
	}
	fresh := s.w.Receiver.Got[s.seenHooks:]
	s.seenHooks = len(s.w.Receiver.Got)
	for _, m := range fresh {
		merchant, _, _ := strings.Cut(m.Host, ".")
		if err := webhook.Verify([]webhook.Verifier{s.hooks[merchant]}, m.Header, m.Body, m.At, webhook.Tolerance); err != nil {
			bad = append(bad, fmt.Sprintf("I9 a message to %s is not signed: %v", merchant, err))
		}
	}
	return bad, nil
}

// heal takes every fault away, lets people decide what waits for them, and
// gives time. Then everything must have ended (I12).
func (s *story) heal() error {
	s.w.PanicKey = ""
	s.w.OnSend = nil
	s.w.Receiver.Fail = 0
	if b := s.w.Bank; b != nil {
		b.rate = 0
		for range b.spoilt {
			s.fault("hostile answer")
		}
	}
	if err := s.setFaults(`{"drop_request":0,"drop_reply":0,"error_500":0,"reject":0,"pending":0,"partly":0,"late_ms":[0,0],"delay_ms":[0,0],"settle_ms":[0,500],"notify":0,"notify_twice":0}`); err != nil {
		return err
	}
	if err := s.w.Crash(); err != nil {
		return err
	}
	if err := s.releaseSoon(); err != nil {
		return err
	}
	if s.gate != nil {
		if err := s.gate.heal(); err != nil {
			return err
		}
	}
	for range 4 {
		if s.pays != nil {
			s.pays.heal()
		}
		if s.gate != nil {
			if err := s.gate.let(); err != nil {
				return err
			}
		}
		if err := s.w.Run(24 * time.Hour); err != nil {
			return err
		}
		if err := s.decideAll(); err != nil {
			return err
		}
	}
	if s.gate != nil {
		if err := s.gate.outlast(); err != nil {
			return err
		}
	}
	if err := s.w.Run(time.Hour); err != nil {
		return err
	}
	if s.aging != nil { // what has ended is judged where it ends up
		if _, err := s.w.ArchiveAll(); err != nil {
			return err
		}
	}
	if err := s.judge(); err != nil {
		return err
	}
	bad, err := s.w.Quiet()
	if err != nil {
		return err
	}
	if s.gate != nil {
		more, err := s.gate.quiet()
		if err != nil {
			return err
		}
		bad = append(bad, more...)
	}
	if s.pays != nil {
		more, err := s.pays.quiet()
		if err != nil {
			return err
		}
		bad = append(bad, more...)
	}
	more, err := s.untold()
	if err != nil {
		return err
	}
	bad = append(append(bad, more...), s.leaks()...)
	s.result.Findings = append(s.result.Findings, bad...)
	return nil
}

// decideAll is people looking at what waits for them.
func (s *story) decideAll() error {
	for _, me := range s.merchants {
		list, _, err := s.w.Engine.List(s.w.Ctx, me, engine.Filter{}, 0, 1000)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Moderation == "" && !list[i].Attention {
				continue
			}
			if err := s.decide(me, &list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// untold: the end of each request has reached its merchant (I9).
func (s *story) untold() (bad []string, err error) {
	if err := s.landed(); err != nil {
		return nil, err
	}
	for _, me := range s.merchants {
		list, _, err := s.w.Engine.List(s.w.Ctx, me, engine.Filter{}, 0, 1000)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if v.Stage.Ended() && !s.told[v.ID+string(v.Stage)] {
				bad = append(bad, fmt.Sprintf("I9 request %s is %s and its merchant was never told", v.ID, v.Stage))
			}
		}
	}
	return bad, nil
}

// readTold reads what told has written.
func readTold(body []byte) (b struct{ Request, Stage string }, err error) {
	if err = json.Unmarshal(body, &b); err != nil {
		err = fmt.Errorf("read a webhook: %w", err)
	}
	return b, err
}

// leaks looks for account numbers where none may be (I10): in the store, in
// the keyring, in the log, in webhooks.
func (s *story) leaks() (bad []string) {
	var disk bytes.Buffer
	for name, st := range map[string]store.Snapshotter{"store": s.w.Disk, "keyring": s.w.Keys} {
		disk.Reset()
		if err := st.Snapshot(s.w.Ctx, &disk); err != nil {
			return []string{"the " + name + " cannot be read: " + err.Error()}
		}
		bad = append(bad, canary("the "+name, disk.Bytes())...)
	}
	segments, err := s.w.Shelf.List()
	if err != nil {
		return []string{"the archive cannot be read: " + err.Error()}
	}
	for _, in := range segments {
		all := make([]byte, in.Bytes)
		if err := s.w.Shelf.ReadAt(in.ID, all, 0); err != nil {
			return []string{"the archive cannot be read: " + err.Error()}
		}
		bad = append(bad, canary("the archive", all)...)
	}
	for _, m := range s.w.Receiver.Got {
		bad = append(bad, canary("a webhook", m.Body)...)
	}
	bad = append(bad, canary("the log", s.w.Logged.Bytes())...)
	return slices.Compact(bad)
}

func canary(where string, in []byte) (bad []string) {
	for _, account := range []string{secretPAN, magicAccount("success"), magicAccount("declined")} {
		if bytes.Contains(in, []byte(account)) {
			bad = append(bad, "I10 an account number lies in "+where)
		}
	}
	return bad
}

// pathOf is merchant and provider account of a notification's address.
func pathOf(address string) [2]string {
	u, err := url.Parse(address)
	if err != nil {
		return [2]string{}
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/webhooks/"), "/")
	if len(parts) != 2 {
		return [2]string{}
	}
	return [2]string{parts[0], parts[1]}
}
