package money

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// MarshalMsg appends the amount as MessagePack has it in a record: its minor
// units and its currency's code, nil without a currency.
func (a Amount) MarshalMsg(dst []byte) ([]byte, error) {
	if !a.IsSet() {
		return msgp.AppendNil(dst), nil
	}
	dst = msgp.AppendArrayHeader(dst, 2)
	dst = msgp.AppendInt64(dst, a.minor)
	return msgp.AppendString(dst, a.currency.Code()), nil
}

// UnmarshalMsg reads what MarshalMsg wrote, and returns what follows. On an
// error a keeps its value.
func (a *Amount) UnmarshalMsg(src []byte) ([]byte, error) {
	if msgp.IsNil(src) {
		*a = Amount{}
		return msgp.ReadNilBytes(src)
	}
	n, src, err := msgp.ReadArrayHeaderBytes(src)
	if err != nil {
		return src, fmt.Errorf("read stored amount: %w", err)
	}
	if n != 2 {
		return src, fmt.Errorf("money: stored amount has %d parts, not 2", n)
	}
	minor, src, err := msgp.ReadInt64Bytes(src)
	if err != nil {
		return src, fmt.Errorf("read stored amount: %w", err)
	}
	code, src, err := msgp.ReadStringZC(src)
	if err != nil {
		return src, fmt.Errorf("read stored amount: %w", err)
	}
	currency, err := ParseCurrency(string(code))
	if err != nil {
		return src, fmt.Errorf("read stored amount: %w", err)
	}
	*a = Amount{minor: minor, currency: currency}
	return src, nil
}

// Msgsize bounds the bytes that MarshalMsg appends.
func (a Amount) Msgsize() int {
	return msgp.ArrayHeaderSize + msgp.Int64Size + msgp.StringPrefixSize + len(a.currency.Code())
}
