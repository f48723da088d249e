package cli

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/service"
)

// TestADeletionOutlivesARestore: a backup from before a customer was deleted,
// put back with the newest keyring, shows nothing of them, and nothing in it
// is found wanting.
func TestADeletionOutlivesARestore(t *testing.T) {
	m := newPlace(t)
	a := openPlace(t, m.Config, "")
	who := engine.Caller{Scope: engine.Scope{Merchant: m.Merchant, Mode: engine.Test}, Actor: "test", Rights: engine.Rights()}
	for _, id := range []string{"ada", "bob"} {
		if _, err := a.engine.CreateCustomer(t.Context(), who, id, engine.Person{Name: id}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := a.engine.SaveMethod(t.Context(), who, engine.NewMethod{Customer: id, Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": goodIBAN}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "b")
	save := func(name string, fill func(context.Context, io.Writer) error) {
		if _, err := writeWhole(name, func(w io.Writer) error { return fill(t.Context(), w) }); err != nil {
			t.Fatal(err)
		}
	}
	save(file, a.backup)
	if _, err := a.engine.DeleteCustomer(t.Context(), who, "ada", nil); err != nil {
		t.Fatal(err)
	}
	if n, err := a.engine.Work(t.Context()); n != 1 || err != nil {
		t.Fatalf("the key was not destroyed: %d, %v", n, err)
	}
	save(file+".keys", a.keyring)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := restoring{key: filepath.Join(filepath.Dir(m.Config), "master.key")}.restore(t.Context(), testEnv(t), file, filepath.Join(t.TempDir(), "back"))
	if err != nil || out.Forgotten != 1 || len(out.Report.Findings) > 0 {
		t.Fatalf("restore: %+v, %v, want one customer redacted again and no finding", out, err)
	}
	back := openPlace(t, out.Config, "")
	if _, err := back.engine.Customer(t.Context(), who, "ada"); err == nil {
		t.Error("the deleted customer is back")
	}
	if _, err := back.engine.Customer(t.Context(), who, "bob"); err != nil {
		t.Errorf("somebody else is gone: %v", err)
	}
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
}
