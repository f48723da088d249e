package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"penstock/httpd/admin"
	"penstock/httpd/client"
	"penstock/locker"
)

// rekeying is what rekey was asked for.
type rekeying struct {
	master            bool
	to, keep          string
	shares, threshold int
	yes               bool
}

func verbRekey(env Env) *cobra.Command {
	var k rekeying
	cmd := &cobra.Command{
		Use:     "rekey [--master [--to FILE | --shares N --threshold K]]",
		Short:   "Rotate the locker's keys, or change the master key",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Long: `Without --master, makes a new term key, wraps every data key under it, and
destroys the old one, while the daemon goes on serving. Cut short at any point,
everything opens as before, and repeating it goes on from there.

With --master, changes the key above those. A key file is replaced in place, a
passphrase is asked for, --to FILE writes the new key there, and --shares makes
new shares, which are asked for once more before they take effect. Shares and
key of before open nothing then, except what was backed up before: make a new
backup at once. A start after a crash in between finds the key that fits.`,
		Example: `  penstock rekey --config pay/config.toml              # term keys, resumable
  penstock rekey --master --keep /safe/master.old      # old backups open with the old key alone
  penstock rekey --master --shares 5 --threshold 3     # when a custodian leaves`,
	}
	f := cmd.Flags()
	f.BoolVar(&k.master, "master", false, "change the master key")
	f.StringVar(&k.to, "to", "", "`FILE` for the new master key, which must not exist")
	f.StringVar(&k.keep, "keep", "", "`FILE` to keep the old master key in, which must not exist")
	f.IntVar(&k.shares, "shares", 0, "make the new master key `N` custodians' shares")
	f.IntVar(&k.threshold, "threshold", 0, "`K` of them that open the locker")
	f.BoolVar(&k.yes, "yes", false, "don't ask for the new shares once more")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, _, err := LoadConfig(*r.file, env.Environ)
		if err != nil {
			return err
		}
		if err := k.check(cfg); err != nil {
			return err
		}
		if !k.master {
			return rekeyTerms(cmd.Context(), r, cfg)
		}
		return k.changeMaster(cmd.Context(), r, cfg)
	}
	return cmd
}

func (k rekeying) check(cfg Config) error {
	kind := cfg.Locker.MasterKey.Kind
	switch {
	case !k.master && k != (rekeying{}):
		return usage(errors.New("--to, --keep, --shares, --threshold and --yes belong to --master"))
	case k.to != "" && k.shares != 0:
		return usage(errors.New("--to and --shares are two places for one key"))
	case k.shares != 0 || k.threshold != 0:
		return goodScheme(k.threshold, k.shares)
	case k.master && k.to == "" && kind != KeyFile && kind != KeyPassphrase:
		return usage(fmt.Errorf("the master key comes from %s, which penstock cannot write: say --to FILE, or --shares N --threshold K", cfg.Locker.MasterKey))
	case k.keep != "" && kind != KeyFile:
		return usage(errors.New("--keep is for a master key from a file"))
	}
	return nil
}

func rekeyTerms(ctx context.Context, r remote, cfg Config) error {
	p := newProgress(r.env, "keys re-wrapped", false)
	defer p.end()
	tell := func(done int) { p.at(int64(done)) }
	term, err := client.New(cfg.SocketPath()).Rekey(ctx, tell)
	if errors.Is(err, client.ErrNoDaemon) {
		err = withOffline(ctx, r.env, cfg, func(a *appliance) (err error) {
			term, err = a.engine.Rekey(ctx, keeper(), tell)
			return err
		})
	}
	if err != nil {
		return answered(err)
	}
	p.end()
	if *r.json {
		return printJSON(r.env, map[string]uint32{"term": term})
	}
	fmt.Fprintf(r.env.Stdout, "every key is under term %d alone\n", term)
	return nil
}

// changeMaster makes sure that the new key is where it is to be found before
// it takes effect.
func (k rekeying) changeMaster(ctx context.Context, r remote, cfg Config) (err error) {
	var s client.Successor
	if s.Keep, err = absolute(k.keep); err != nil {
		return err
	}
	switch {
	case k.shares != 0:
		if s.Shares, err = k.newShares(r); err != nil {
			return err
		}
	case k.to != "":
		if s.File, err = absolute(k.to); err != nil {
			return err
		}
		key, err := locker.NewMasterFile(s.File)
		if err != nil {
			return err
		}
		key.Wipe()
	case cfg.Locker.MasterKey.Kind == KeyPassphrase:
		if s.Passphrase, err = newPassphrase(r.env); err != nil {
			return err
		}
	}
	id, err := k.apply(ctx, r, cfg, s)
	if err != nil {
		if s.File != "" && !errors.Is(err, client.ErrOutcome) {
			err = errors.Join(err, os.Remove(s.File)) // it is nobody's key
		}
		return answered(err)
	}
	return k.report(r, cfg, id, s)
}

func (k rekeying) apply(ctx context.Context, r remote, cfg Config, s client.Successor) (id string, err error) {
	id, err = client.New(cfg.SocketPath()).RekeyMaster(ctx, s)
	if !errors.Is(err, client.ErrNoDaemon) {
		return id, err
	}
	if cfg.Locker.MasterKey.Kind == KeyPassphrase {
		return "", withNext(errors.New("two passphrases cannot be read at once"), "start the daemon with the present one (penstock serve), then repeat")
	}
	err = withOffline(ctx, r.env, cfg, func(a *appliance) (err error) {
		id, err = a.rekeyMaster(ctx, admin.Successor(s))
		return err
	})
	return id, err
}

func (k rekeying) report(r remote, cfg Config, id string, s client.Successor) error {
	place := cfg.Locker.MasterKey.String()
	switch {
	case s.File != "":
		place = KeyFile + ":" + s.File
	case len(s.Shares) > 0:
		place = KeyShares
	}
	if place != cfg.Locker.MasterKey.String() {
		fmt.Fprintf(r.env.Stderr, "Before the next start set locker.master_key = %q, or bring the new key to where it says now: the old one opens nothing any more.\n", place)
	}
	fmt.Fprintln(r.env.Stderr, "Backups made before now open with the old master key alone. Make a new one: penstock backup FILE")
	switch {
	case *r.json && len(s.Shares) > 0: // the shares were all the data
		return nil
	case *r.json:
		return printJSON(r.env, map[string]string{"master_key_id": id, "master_key": place})
	}
	fmt.Fprintf(r.env.Stdout, "the master key is %s now\n", id)
	return nil
}

// newShares makes a new key, shows its shares, and goes on only when enough of
// them were given back: a key that nobody has would lose every detail.
func (k rekeying) newShares(r remote) ([]string, error) {
	key := locker.NewMaster()
	defer key.Wipe()
	texts, set, err := splitKey(key, k.threshold, k.shares)
	if err != nil {
		return nil, err
	}
	if err := showCustody(r, client.Custody{Master: key.ID(), Set: set, Threshold: k.threshold, Shares: texts}); err != nil {
		return nil, err
	}
	if k.yes {
		return texts[:k.threshold], nil
	}
	fmt.Fprintf(r.env.Stderr, "Nothing has changed yet. When each custodian has theirs, give %d of them here.\n", k.threshold)
	back, err := askSecrets(r.env, "Share: ", k.threshold)
	if err != nil {
		return nil, err
	}
	again, err := combineTexts(back)
	if err != nil {
		return nil, fmt.Errorf("nothing has changed: %w", err)
	}
	defer again.Wipe()
	if !again.Equal(key) {
		return nil, errors.New("nothing has changed: these shares are not the new ones")
	}
	return back, nil
}

// newPassphrase asks for one; on a terminal, twice.
func newPassphrase(env Env) (string, error) {
	phrases, err := askSecrets(env, "New passphrase of the locker: ", 2)
	if err != nil {
		return "", err
	}
	if len(phrases) == 2 && phrases[0] != phrases[1] {
		return "", errors.New("the two are not the same; nothing has changed")
	}
	return phrases[0], nil
}

func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	return abs, nil
}
