package ledger

// AppendBinary appends p's stored form: versioned, and small, since one is
// written with each payout. An error (ErrEncoding) is a posting that Post
// can't have made.
func (p Posting) AppendBinary(dst []byte) ([]byte, error) { return dst, errSoon }

// MarshalBinary is AppendBinary.
func (p Posting) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote, and only that; any other
// bytes are ErrEncoding and leave p as it was.
func (p *Posting) UnmarshalBinary(data []byte) error { return errSoon }
