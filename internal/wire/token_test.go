package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/wire"
)

func TestF5_ValidToken(t *testing.T) {
	for _, s := range []string{"a", "!", "~", "eyJhbGciOi.eyJ.s-_~+/=", "with\"quote", `back\slash`} {
		require.True(t, wire.ValidToken(s), "%q", s)
	}
	for _, s := range []string{"", " ", "a b", "a\r", "a\nb", "\ta", "a\x00", "a\x7f", "é", "a\xff"} {
		require.False(t, wire.ValidToken(s), "%q", s)
	}
}

func TestF5_ValidTokenChecksEveryByte(t *testing.T) {
	for b := range 256 {
		require.Equal(t, b > 0x20 && b < 0x7f, wire.ValidToken("a"+string([]byte{byte(b)})+"z"), "byte %#x", b)
	}
}
