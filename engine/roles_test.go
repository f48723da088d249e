package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/store"
)

func (k *kit) role(name engine.Role, permits ...engine.Permit) {
	k.t.Helper()
	_, err := k.Engine.SaveRole(k.Ctx, engine.Caller{Actor: "operator"}, engine.CustomRole{Name: name, Permits: permits})
	must(k.t, err)
}

// TestACustomRoleAllowsWhatItNames, nothing else, from the next request on.
func TestACustomRoleAllowsWhatItNames(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.role("treasury", engine.PermitFund, engine.PermitFund, engine.PermitState)
	_, session := k.hired("tess@example.com", "treasury")
	want := func(permits ...engine.Permit) {
		t.Helper()
		o := k.wantIn("with a custom role", session)
		for _, p := range append(engine.Grantable(), engine.PermitRoles, "", "anything") {
			if o.May(p) != slices.Contains(permits, p) {
				t.Errorf("may %q: %v", p, o.May(p))
			}
		}
	}
	want(engine.PermitFund, engine.PermitState)
	k.role("treasury")
	want()
	k.role("treasury", engine.PermitResend)
	want(engine.PermitResend)
	o := k.wantIn("", session)
	_, err := k.Engine.ChangeOperator(k.Ctx, engine.Caller{Actor: "operator"}, o.ID, "treasury", true)
	must(t, err)
	all, err := k.Engine.Operators(k.Ctx)
	must(t, err)
	if i := slices.IndexFunc(all, func(p engine.Operator) bool { return p.ID == o.ID }); all[i].May(engine.PermitResend) {
		t.Error("one who is disabled may still act")
	}
}

func TestARoleThatMakesNoSenseIsRefused(t *testing.T) {
	k := newKit(t, sim.Config{})
	for name, r := range map[string]engine.CustomRole{
		"a name that is built in": {Name: engine.RoleViewer}, "no name": {}, "one letter": {Name: "a"}, "capitals": {Name: "Support"}, "a hyphen first": {Name: "-support"},
		"a long name": {Name: engine.Role(strings.Repeat("a", 41))}, "the owners' own permit": {Name: "chief", Permits: []engine.Permit{engine.PermitRoles}},
		"a permit that there is not": {Name: "chief", Permits: []engine.Permit{"everything"}}, "an empty permit": {Name: "chief", Permits: []engine.Permit{""}},
		"words on two lines": {Name: "chief", About: "a\nb"}, "many words": {Name: "chief", About: strings.Repeat("a", 201)},
	} {
		if _, err := k.Engine.SaveRole(k.Ctx, engine.Caller{Actor: "operator"}, r); !isCode(err, engine.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, role := range []engine.Role{"", "king", "role with spaces", "KING"} {
		if _, err := k.Engine.Invite(k.Ctx, engine.Caller{Actor: "operator"}, "x@example.com", role, time.Hour); !isCode(err, engine.CodeInvalid) {
			t.Errorf("an invitation as %q: %v", role, err)
		}
	}
	for i := range 50 {
		k.role(engine.Role("role-" + string(rune('a'+i/26)) + string(rune('a'+i%26))))
	}
	if _, err := k.Engine.SaveRole(k.Ctx, engine.Caller{Actor: "operator"}, engine.CustomRole{Name: "one-more"}); !isCode(err, engine.CodeState) {
		t.Errorf("the 51st role: %v", err)
	}
	k.role("role-aa", engine.PermitPay) // changing one goes on
}

// TestOnlyOwnersSayWhatRolesAllow, and nobody gives a role that allows more
// than they may themselves.
func TestOnlyOwnersSayWhatRolesAllow(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.role("staff", engine.PermitPeople, engine.PermitResend)
	k.role("payer", engine.PermitPay)
	k.role("helper", engine.PermitResend)
	owner, _ := k.hired("owner@example.com", engine.RoleOwner)
	admin, _ := k.hired("admin@example.com", engine.RoleAdministrator)
	staff, _ := k.hired("staff@example.com", "staff")
	payer, _ := k.hired("payer@example.com", "payer")
	by := func(o *engine.Operator) engine.Caller { return engine.Caller{Actor: o.ID} }
	invite := func(o *engine.Operator, role engine.Role) error {
		_, err := k.Engine.Invite(k.Ctx, by(o), "new@example.com", role, time.Hour)
		return err
	}
	change := func(o, whom *engine.Operator, role engine.Role) error {
		_, err := k.Engine.ChangeOperator(k.Ctx, by(o), whom.ID, role, false)
		return err
	}
	save := func(o *engine.Operator, name engine.Role) error {
		_, err := k.Engine.SaveRole(k.Ctx, by(o), engine.CustomRole{Name: name, Permits: []engine.Permit{engine.PermitPay}})
		return err
	}
	for what, err := range map[string]error{
		"an administrator makes a role": save(admin, "mine"), "an administrator widens a role": save(admin, "staff"), "staff widen their own role": save(staff, "staff"),
		"an administrator deletes a role": k.Engine.DeleteRole(k.Ctx, by(admin), "helper"), "staff invite a payer": invite(staff, "payer"), "staff invite a manager": invite(staff, engine.RoleManager),
		"staff make themselves managers": change(staff, staff, engine.RoleManager), "staff make themselves payers": change(staff, staff, "payer"), "staff make a payer a viewer": change(staff, payer, engine.RoleViewer),
		"a payer invites a viewer": invite(payer, engine.RoleViewer), "staff reset an owner": k.Engine.ResetSecond(k.Ctx, by(staff), owner.ID),
	} {
		if !isCode(err, engine.CodeForbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, save(owner, "mine"))
	must(t, invite(admin, "payer"))
	must(t, invite(staff, engine.RoleViewer))
	must(t, invite(staff, "helper"))
	must(t, change(staff, staff, "helper"))
	must(t, change(owner, payer, "mine"))
}

func TestARoleThatSomebodyHasStays(t *testing.T) {
	k := newKit(t, sim.Config{})
	me := engine.Caller{Actor: "operator"}
	k.role("support", engine.PermitResend)
	o, _ := k.hired("ada@example.com", "support")
	if err := k.Engine.DeleteRole(k.Ctx, me, "support"); !isCode(err, engine.CodeState) {
		t.Errorf("deleting a role that somebody has: %v", err)
	}
	_, err := k.Engine.ChangeOperator(k.Ctx, me, o.ID, engine.RoleViewer, false)
	must(t, err)
	token := k.invited("bob@example.com", "support")
	if err := k.Engine.DeleteRole(k.Ctx, me, "support"); !isCode(err, engine.CodeState) {
		t.Errorf("deleting a role that somebody is invited with: %v", err)
	}
	k.Clock.Advance(30 * time.Minute) // the invitation is over
	must(t, k.Engine.DeleteRole(k.Ctx, me, "support"))
	if err := k.Engine.DeleteRole(k.Ctx, me, "support"); !isCode(err, engine.CodeNotFound) {
		t.Errorf("deleting it again: %v", err)
	}
	if _, _, err := k.Engine.Accept(k.Ctx, engine.Acceptance{Token: token, Email: "bob@example.com", Name: "Bob", Password: "hash"}); !errors.Is(err, engine.ErrInvitation) {
		t.Errorf("the invitation: %v", err)
	}
}

// TestARoleThatIsGoneAllowsNothing, and check tells of it.
func TestARoleThatIsGoneAllowsNothing(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.role("support", engine.PermitResend)
	_, session := k.hired("ada@example.com", "support")
	row := func(put bool) {
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
			if put {
				return tx.Put("role", []byte("support"), []byte(`{"name":"support","permits":["resend"]}`))
			}
			return tx.Delete("role", []byte("support"))
		}))
	}
	row(false)
	if o := k.wantIn("with a role that is gone", session); o.May(engine.PermitResend) {
		t.Error("a role that is gone still allows")
	}
	report, err := k.Engine.Check(k.Ctx, nil)
	must(t, err)
	if len(report.Findings) == 0 {
		t.Error("check doesn't tell of somebody whose role is gone")
	}
	row(true)
}

func TestRolesAreAudited(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.role("support", engine.PermitResend, engine.PermitPay)
	k.role("support")
	must(t, k.Engine.DeleteRole(k.Ctx, engine.Caller{Actor: "operator"}, "support"))
	acts, err := k.Engine.Acts(k.Ctx, 0, 3)
	must(t, err)
	var got []string
	for _, a := range acts {
		got = append(got, a.Action+" "+a.Object+" "+a.Note)
	}
	if want := []string{"role.delete support ", "role.save support pay+resend to look", "role.save support pay+resend"}; !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

// TestSessionsAreSeenAndEnded: everybody their own, and those who handle people
// the others'.
func TestSessionsAreSeenAndEnded(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.role("staff", engine.PermitPeople)
	owner, ownerIn := k.hired("owner@example.com", engine.RoleOwner)
	admin, _ := k.hired("admin@example.com", engine.RoleAdministrator)
	staff, _ := k.hired("staff@example.com", "staff")
	viewer, first := k.hired("viewer@example.com", engine.RoleViewer)
	k.Clock.Advance(time.Minute)
	second, err := k.Engine.LogIn(k.Ctx, engine.Login{Operator: viewer.ID, Password: viewer.Password, Right: true, From: "192.0.2.7", Agent: "Browser \x00\x1b[31m" + strings.Repeat("x", 400)})
	must(t, err)
	sessions := func(operator string, want int) []engine.Session {
		t.Helper()
		all, err := k.Engine.Sessions(k.Ctx, operator)
		must(t, err)
		if len(all) != want {
			t.Fatalf("%d sessions of %q, want %d", len(all), operator, want)
		}
		return all
	}
	sessions("", 5)
	own := sessions(viewer.ID, 2)
	if s := own[0]; s.From != "192.0.2.7" || !strings.HasPrefix(s.Agent, "Browser [31mxxx") || len(s.Agent) > 256 {
		t.Errorf("the latest session is %+v", s)
	}
	by := func(o *engine.Operator) engine.Caller { return engine.Caller{Actor: o.ID} }
	ownersOwn := sessions(owner.ID, 1)[0].ID
	for who, o := range map[string]*engine.Operator{"a viewer": viewer, "an administrator": admin, "staff": staff} {
		if err := k.Engine.EndSession(k.Ctx, by(o), ownersOwn); !isCode(err, engine.CodeForbidden) {
			t.Errorf("%s ends an owner's session: %v", who, err)
		}
	}
	if err := k.Engine.EndSession(k.Ctx, by(admin), "ses_nothing"); !isCode(err, engine.CodeNotFound) {
		t.Errorf("a session that there is not: %v", err)
	}
	must(t, k.Engine.EndSession(k.Ctx, by(viewer), own[1].ID))
	k.wantOut("their own session that they ended", first)
	must(t, k.Engine.EndSession(k.Ctx, by(staff), own[0].ID))
	k.wantOut("a session that staff ended", second)

	var tokens []string
	for range 3 {
		token, err := k.comes(viewer, true)
		must(t, err)
		tokens = append(tokens, token)
	}
	must(t, k.Engine.EndOtherSessions(k.Ctx, viewer.ID, tokens[1]))
	k.wantOut("one of the others", tokens[0])
	k.wantOut("one of the others", tokens[2])
	k.wantIn("the one that is kept", tokens[1])
	k.wantIn("somebody else's", ownerIn)
	k.Clock.Advance(engine.SessionIdle)
	sessions("", 0) // those that have ended by themselves are not shown
}
