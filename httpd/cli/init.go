package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"penstock/engine"
	"penstock/httpd/dash"
	"penstock/locker"
	"penstock/store"
)

// setupFor is how long the link for the first operator is good.
const setupFor = 30 * time.Minute

// firstMerchant is the merchant that init makes.
const firstMerchant = "default"

// made is what init prints. All secrets in it are shown this once.
type made struct {
	Config      string   `json:"config"`
	Merchant    string   `json:"merchant_id"`
	Key         string   `json:"api_key"`
	Publishable string   `json:"publishable_key"`
	AdminKey    string   `json:"admin_api_key"`
	Operator    operator `json:"operator"`
}

type operator struct {
	Email    string `json:"email"`
	SetupURL string `json:"setup_url"`
}

// initialise makes dir a place to run from: configuration, master key, store,
// keyring, the first merchant and its key. The administrator's key lies in a
// file of its own (mode 0600) that the configuration names, so that the
// configuration holds no secret. A directory that is not empty is left alone;
// after an error what was made is removed again.
func initialise(ctx context.Context, env Env, dir, listen, email string) (m made, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return made{}, fmt.Errorf("find %s: %w", dir, err)
	}
	if err := claimDir(dir); err != nil {
		return made{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, emptyDir(dir))
		}
	}()
	if m, err = writeFiles(env, dir, listen); err != nil {
		return made{}, err
	}
	cfg, _, err := LoadConfig(m.Config, env.Environ)
	if err != nil {
		return made{}, err
	}
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler), create: true}.open(ctx)
	if err != nil {
		return made{}, err
	}
	return m, errors.Join(a.firstRecords(ctx, &m, email), a.Close())
}

// claimDir makes the directory if there is none and refuses one that is in
// use for anything.
func claimDir(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
		return store.SyncDir(filepath.Dir(dir))
	case err != nil:
		return fmt.Errorf("look at %s: %w", dir, err)
	case len(entries) > 0:
		return withNext(fmt.Errorf("%s is not empty and is left as it is", dir), "name a new directory, or empty this one yourself")
	}
	return nil
}

// emptyDir removes what was made in a directory that had been empty.
func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// writeFiles writes the keys first and the configuration last.
func writeFiles(env Env, dir, listen string) (made, error) {
	m := made{Config: filepath.Join(dir, "config.toml"), Merchant: firstMerchant}
	if _, err := locker.NewMasterFile(filepath.Join(dir, "master.key")); err != nil {
		return made{}, err
	}
	var err error
	if m.AdminKey, err = writeAdminKey(dir); err != nil {
		return made{}, err
	}
	set := map[string]any{"rest.admin_api_key": "file:admin.key"}
	if listen != "" {
		set["server.listen"] = listen
	}
	text, err := fillExample(env.ExampleConfig, set)
	if err != nil {
		return made{}, err
	}
	return m, writeNew(m.Config, text)
}

// writeAdminKey makes the administrator's key, in a file of its own.
func writeAdminKey(dir string) (string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("draw the administrator's key: %w", err)
	}
	key := "adm_" + hex.EncodeToString(raw)
	return key, writeNew(filepath.Join(dir, "admin.key"), []byte(key+"\n"))
}

// writeNew writes a file that must not exist, for its owner alone, durably.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return store.SyncDir(filepath.Dir(path))
}

// firstRecords makes the merchant, who can pay at once in test mode, a key,
// and the link by which the first operator gets in.
func (a *appliance) firstRecords(ctx context.Context, m *made, email string) error {
	who := engine.Caller{Scope: engine.Scope{Merchant: firstMerchant, Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
	if _, err := a.engine.CreateMerchant(ctx, who, firstMerchant, "Default merchant"); err != nil {
		return fmt.Errorf("make the first merchant: %w", err)
	}
	key, err := a.engine.CreateKey(ctx, who, engine.NewKey{Merchant: firstMerchant, Mode: engine.Test, Rights: engine.Rights(), Name: "first key"})
	if err != nil {
		return fmt.Errorf("make the first key: %w", err)
	}
	token, err := a.engine.Invite(ctx, who, email, engine.RoleOwner, setupFor)
	if err != nil {
		return fmt.Errorf("invite the first operator: %w", err)
	}
	m.Key, m.Publishable = key.Secret, key.Publishable
	m.Operator = operator{email, a.cfg.PublicURL() + dash.Setup + "/" + token}
	return nil
}
