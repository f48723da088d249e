package locker

// Arithmetic in GF(2^8) modulo x^8+x^4+x^3+x+1, the field of FIPS 197, section
// 4. There is no table and no branch on a value, so neither the cache nor the
// clock tells anything about a share.

// gfMul is the product of a and b.
func gfMul(a, b byte) byte {
	var p byte
	for range 8 {
		p ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return p
}

// gfInverse is 1/a, as a^254; 0 for 0.
func gfInverse(a byte) byte {
	power, result := a, byte(1)
	for range 7 { // 254 is 11111110 in binary
		power = gfMul(power, power)
		result = gfMul(result, power)
	}
	return result
}

// gfWeights returns for each of the places xs what the value there
// contributes to the value at 0 of the polynomial through all of them
// (Lagrange). The places are public, differ from each other and none is 0.
func gfWeights(xs []byte) []byte {
	weights := make([]byte, len(xs))
	for i, x := range xs {
		w := byte(1)
		for j, other := range xs {
			if j != i {
				w = gfMul(w, gfMul(other, gfInverse(other^x)))
			}
		}
		weights[i] = w
	}
	return weights
}
