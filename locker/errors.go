package locker

import (
	"errors"
	"fmt"
)

var (
	// ErrSealed says that the locker has no master key yet: see [Locker.Unseal].
	ErrSealed = errors.New("locker: sealed")
	// ErrErased says that the owner's data key was destroyed by
	// [Locker.Erase]. It never comes back, nor does what it sealed.
	ErrErased = errors.New("locker: owner's key was erased")
	// ErrTampered says that bytes are not what this locker sealed for that
	// owner and place: changed, cut short, moved, or foreign.
	ErrTampered = errors.New("locker: does not authenticate")
	// ErrCold says that an owner's key is not at hand: see [Locker.Warm].
	ErrCold = errors.New("locker: key is not at hand")
	// ErrNoKey says that the owner has no data key, nor had one erased, so
	// nothing was ever sealed for it by this keyring: the keyring is a foreign
	// one or older than the store.
	ErrNoKey = errors.New("locker: owner has no key in this keyring")
	// ErrWrongMaster says that the master key is not the one that the keyring
	// was made with.
	ErrWrongMaster = errors.New("locker: wrong master key")
	// ErrNoKeyring refuses an empty keyring where Config.Existing wants one.
	ErrNoKeyring = errors.New("locker: keyring is empty")
	// ErrTooLarge refuses a plaintext of more than MaxPlaintext bytes.
	ErrTooLarge = errors.New("locker: plaintext is too large")
	// ErrWorn refuses to seal under a data key that has served MaxSeals times.
	ErrWorn = errors.New("locker: data key has served its number of seals")
	// ErrName refuses an owner, a place or a label whose parts are empty or
	// too long.
	ErrName = errors.New("locker: name out of range")
	// ErrBusy says that another rotation is running in this process.
	ErrBusy = errors.New("locker: another rotation is running")
	// ErrOpen refuses to unseal a locker that is not sealed.
	ErrOpen = errors.New("locker: already unsealed")
	// ErrMasterSource refuses a master key's source: a file with loose
	// permissions, a text that is no key, a passphrase that is too short. The
	// message says what to do.
	ErrMasterSource = errors.New("locker: master key refused")
	// ErrShare refuses a custodian's share that is none, or was copied wrongly.
	ErrShare = errors.New("locker: share refused")
	// ErrShareSet says that a share is of another set than those before it.
	ErrShareSet = errors.New("locker: shares of two sets do not fit together")
	// ErrShareTwice says that a custodian's share was given before.
	ErrShareTwice = errors.New("locker: share was given already")
	// ErrFewShares says that more custodians have to speak.
	ErrFewShares = errors.New("locker: too few shares")
)

// stage tells how far opening came before it was refused. It is for people
// and for the vectors; callers branch on ErrTampered alone.
type stage string

const (
	stageLength    stage = "length"
	stageVersion   stage = "version"
	stageAlgorithm stage = "algorithm"
	stageKind      stage = "kind"
	stageTerm      stage = "term"
	stageKey       stage = "key"
	stageTag       stage = "tag" // wrong key, wrong place or changed bytes: secretbox cannot tell
	stagePadding   stage = "padding"
)

// refusal is an ErrTampered with its stage.
type refusal struct {
	stage stage
	why   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrTampered, r.stage, r.why)
}

func (r *refusal) Is(target error) bool { return target == ErrTampered }

func refuse(s stage, format string, args ...any) error {
	return &refusal{stage: s, why: fmt.Sprintf(format, args...)}
}
