package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
)

// invited is the token of an invitation of the socket's.
func (k *kit) invited(email string, role engine.Role) string {
	k.t.Helper()
	token, err := k.Engine.Invite(k.Ctx, engine.Caller{Actor: "operator"}, email, role, 30*time.Minute)
	must(k.t, err)
	return token
}

// hired is an operator who came by invitation, and their session.
func (k *kit) hired(email string, role engine.Role) (*engine.Operator, string) {
	k.t.Helper()
	o, session, err := k.Engine.Accept(k.Ctx, engine.Acceptance{Token: k.invited(email, role), Email: email, Name: "Ada", Password: "hash of " + email})
	must(k.t, err)
	return o, session
}

// comes is one try to log in with the hash that is stored.
func (k *kit) comes(o *engine.Operator, right bool) (string, error) {
	return k.Engine.LogIn(k.Ctx, engine.Login{Operator: o.ID, Password: o.Password, Right: right})
}

func (k *kit) wantOut(when, session string) {
	k.t.Helper()
	if _, _, err := k.Engine.Enter(k.Ctx, session); !errors.Is(err, engine.ErrSession) {
		k.t.Errorf("%s: %v, want the session to have ended", when, err)
	}
}

func (k *kit) wantIn(when, session string) *engine.Operator {
	k.t.Helper()
	_, o, err := k.Engine.Enter(k.Ctx, session)
	if err != nil {
		k.t.Fatalf("%s: %v, want the session to go on", when, err)
	}
	return o
}

func TestInvitationLetsOneIn(t *testing.T) {
	k := newKit(t, sim.Config{})
	token := k.invited("Ada@Example.com", engine.RoleManager)
	i, err := k.Engine.Invitation(k.Ctx, token)
	must(t, err)
	if i.Email != "Ada@Example.com" || i.Role != engine.RoleManager || i.Known {
		t.Errorf("the invitation reads %+v", i)
	}
	in := engine.Acceptance{Token: token, Email: "Ada@Example.com", Name: "Ada", Password: "hash"}
	for _, bad := range []engine.Acceptance{
		{Token: token, Email: "Ada@Example.com", Name: "", Password: "hash"},
		{Token: token, Email: "Ada@Example.com", Name: "Ada\n", Password: "hash"},
		{Token: token, Email: "nobody", Name: "Ada", Password: "hash"},
		{Token: token, Email: "Ada@Example.com", Name: "Ada"},
		{Token: token[:39] + "?", Email: "Ada@Example.com", Name: "Ada", Password: "hash"},
	} {
		if _, _, err := k.Engine.Accept(k.Ctx, bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	o, session, err := k.Engine.Accept(k.Ctx, in)
	must(t, err)
	if got := k.wantIn("after the invitation", session); got.ID != o.ID || got.Role != engine.RoleManager {
		t.Errorf("the session is %+v's", got)
	}
	if _, _, err := k.Engine.Accept(k.Ctx, in); !errors.Is(err, engine.ErrInvitation) {
		t.Errorf("the link worked twice: %v", err)
	}
	if _, err := k.Engine.Invitation(k.Ctx, token); !errors.Is(err, engine.ErrInvitation) {
		t.Errorf("the used link still shows: %v", err)
	}
}

func TestInvitationEnds(t *testing.T) {
	k := newKit(t, sim.Config{})
	token := k.invited("ada@example.com", engine.RoleOwner)
	k.Clock.Advance(30 * time.Minute)
	if _, _, err := k.Engine.Accept(k.Ctx, engine.Acceptance{Token: token, Email: "ada@example.com", Name: "Ada", Password: "hash"}); !errors.Is(err, engine.ErrInvitation) {
		t.Errorf("after 30 minutes: %v, want ErrInvitation", err)
	}
	first := k.invited("ada@example.com", engine.RoleOwner)
	k.invited("ADA@example.com", engine.RoleOwner)
	if _, err := k.Engine.Invitation(k.Ctx, first); !errors.Is(err, engine.ErrInvitation) {
		t.Errorf("the first of two links: %v, want ErrInvitation", err)
	}
}

// TestInvitationOfSomebodyKnownIsANewPassword: whoever was locked or has
// forgotten gets in again, with the role as it was; what was open ends.
func TestInvitationOfSomebodyKnownIsANewPassword(t *testing.T) {
	k := newKit(t, sim.Config{})
	o, session := k.hired("ada@example.com", engine.RoleViewer)
	for range engine.MaxGuesses {
		_, err := k.comes(o, false)
		if !errors.Is(err, engine.ErrLogin) {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	again, _, err := k.Engine.Accept(k.Ctx, engine.Acceptance{Token: k.invited("Ada@example.com", engine.RoleOwner), Email: "eve@example.com", Name: "Ada", Password: "new"})
	must(t, err)
	if again.ID != o.ID || again.Role != engine.RoleViewer || again.Email != "ada@example.com" {
		t.Errorf("it made %+v of %+v", again, o)
	}
	k.wantOut("after the new password", session)
	if _, err := k.comes(o, true); !errors.Is(err, engine.ErrLogin) {
		t.Errorf("the old hash lets in: %v", err)
	}
	_, err = k.comes(again, true)
	must(t, err)
}

func TestLockout(t *testing.T) {
	k := newKit(t, sim.Config{})
	o, _ := k.hired("ada@example.com", engine.RoleOwner)
	for range engine.MaxGuesses - 1 {
		_, _ = k.comes(o, false)
	}
	_, err := k.comes(o, true)
	must(t, err) // and the count begins anew
	for range engine.MaxGuesses {
		_, _ = k.comes(o, false)
	}
	if _, err := k.comes(o, true); !errors.Is(err, engine.ErrLogin) {
		t.Errorf("the right password while locked: %v, want the same refusal", err)
	}
	k.Clock.Advance(engine.LockedFor - time.Second)
	if _, err := k.comes(o, true); !errors.Is(err, engine.ErrLogin) {
		t.Errorf("a second before the end: %v, want the same refusal", err)
	}
	k.Clock.Advance(time.Second)
	_, err = k.comes(o, true)
	must(t, err)
}

func TestSessionEnds(t *testing.T) {
	k := newKit(t, sim.Config{})
	o, session := k.hired("ada@example.com", engine.RoleOwner)
	for range 4 {
		k.Clock.Advance(engine.SessionIdle - time.Second)
		k.wantIn("a second before it idles out", session)
	}
	k.Clock.Advance(engine.SessionIdle)
	k.wantOut("idle", session)

	session, err := k.comes(o, true)
	must(t, err)
	for range int(engine.SessionLife / (10 * time.Minute)) {
		k.wantIn("in use", session)
		k.Clock.Advance(10 * time.Minute)
	}
	k.wantOut("after 12 hours in use", session)

	session, err = k.comes(o, true)
	must(t, err)
	must(t, k.Engine.LogOut(k.Ctx, session))
	k.wantOut("logged out", session)
	must(t, k.Engine.LogOut(k.Ctx, session))

	session, err = k.comes(o, true)
	must(t, err)
	k.Clock.Step(-time.Hour)
	k.wantOut("with a clock that is set back", session)
}

func TestSessionsAreBounded(t *testing.T) {
	k := newKit(t, sim.Config{})
	o, first := k.hired("ada@example.com", engine.RoleOwner)
	var last string
	for range 10 {
		k.Clock.Advance(time.Second)
		var err error
		last, err = k.comes(o, true)
		must(t, err)
	}
	k.wantOut("the oldest of eleven", first)
	k.wantIn("the newest", last)
}

func TestNewPasswordEndsTheOtherSessions(t *testing.T) {
	k := newKit(t, sim.Config{})
	o, other := k.hired("ada@example.com", engine.RoleOwner)
	own, err := k.comes(o, true)
	must(t, err)
	if err := k.Engine.SetPassword(k.Ctx, o.ID, "another hash", "new", own); !errors.Is(err, engine.ErrLogin) {
		t.Errorf("over a hash that isn't the stored one: %v", err)
	}
	must(t, k.Engine.SetPassword(k.Ctx, o.ID, o.Password, "new", own))
	k.wantIn("the session that changed it", own)
	k.wantOut("the other", other)
}

// TestNobodyGivesMoreThanTheyHave: an administrator makes no owner and takes
// over none, not even by a new password; there is always an owner.
func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	k := newKit(t, sim.Config{})
	owner, _ := k.hired("owner@example.com", engine.RoleOwner)
	admin, session := k.hired("admin@example.com", engine.RoleAdministrator)
	viewer, _ := k.hired("viewer@example.com", engine.RoleViewer)
	by := func(o *engine.Operator) engine.Caller { return engine.Caller{Actor: o.ID} }
	var refused *engine.Error
	for what, act := range map[string]func() error{
		"an administrator invites an owner": func() error {
			_, err := k.Engine.Invite(k.Ctx, by(admin), "x@example.com", engine.RoleOwner, time.Hour)
			return err
		},
		"an administrator invites the owner's address": func() error {
			_, err := k.Engine.Invite(k.Ctx, by(admin), "OWNER@example.com", engine.RoleViewer, time.Hour)
			return err
		},
		"an administrator makes themselves owner": func() error {
			_, err := k.Engine.ChangeOperator(k.Ctx, by(admin), admin.ID, engine.RoleOwner, false)
			return err
		},
		"an administrator disables the owner": func() error {
			_, err := k.Engine.ChangeOperator(k.Ctx, by(admin), owner.ID, engine.RoleOwner, true)
			return err
		},
		"a viewer invites a viewer": func() error {
			_, err := k.Engine.Invite(k.Ctx, by(viewer), "x@example.com", engine.RoleViewer, time.Hour)
			return err
		},
	} {
		if err := act(); !errors.As(err, &refused) || refused.Code != engine.CodeForbidden {
			t.Errorf("%s: %v, want it to be forbidden", what, err)
		}
	}
	if _, err := k.Engine.ChangeOperator(k.Ctx, by(owner), owner.ID, engine.RoleViewer, false); !errors.As(err, &refused) || refused.Code != engine.CodeState {
		t.Errorf("the last owner steps down: %v, want a refusal", err)
	}
	_, err := k.Engine.ChangeOperator(k.Ctx, by(owner), admin.ID, engine.RoleAdministrator, true)
	must(t, err)
	k.wantOut("one who was disabled", session)
	if _, err := k.comes(admin, true); !errors.Is(err, engine.ErrLogin) {
		t.Errorf("one who is disabled logs in: %v", err)
	}
}

// TestAuditLogBearsNoToken: whoever reads it can follow no link and take over no
// session.
func TestAuditLogBearsNoToken(t *testing.T) {
	k := newKit(t, sim.Config{})
	link := k.invited("ada@example.com", engine.RoleOwner)
	_, session, err := k.Engine.Accept(k.Ctx, engine.Acceptance{Token: link, Email: "ada@example.com", Name: "Ada", Password: "hash"})
	must(t, err)
	open := k.invited("bob@example.com", engine.RoleOwner)
	acts, err := k.Engine.Acts(k.Ctx, 0, 100)
	must(t, err)
	for _, a := range acts {
		for _, secret := range []string{link, session, open, "hash"} {
			if strings.Contains(a.Object+a.Note+a.Actor, secret) {
				t.Errorf("audit line %d bears a secret", a.Seq)
			}
		}
	}
}
