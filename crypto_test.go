package openwork_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is a good Token and key is told by TestC15_Construction.
func TestNewCrypto_Errors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, token, key string }{
		{"empty Token", "", testKey},
		{"empty key", testToken, ""},
		{"short key", testToken, testKey[:42]},
		{"long key", testToken, testKey + "A"},
		{"key not of its alphabet", testToken, testKey[:42] + "!"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := openwork.NewCrypto(row.token, row.key)
			require.Error(t, err)
			assert.Nil(t, c)
			assertNoSecret(t, err.Error())
		})
	}
}

// TestNewCrypto_TrailingBits takes a key as WeCom makes them: 43 random characters are 258 bits, and the last two mean
// nothing.
func TestNewCrypto_TrailingBits(t *testing.T) {
	t.Parallel()
	sealed := refSeal(testKey[:42]+"A", []byte("hello"), testSuiteID)
	for _, last := range []string{"A", "B", "C", "D"} {
		c, err := openwork.NewCrypto(testToken, testKey[:42]+last)
		require.NoError(t, err, last)
		message, receiveID, err := c.Open(refSign(testToken, "1", "n", sealed), "1", "n", sealed)
		require.NoError(t, err, last)
		assert.Equal(t, "hello", string(message))
		assert.Equal(t, testSuiteID, string(receiveID))
	}
}

func TestCrypto_Sign(t *testing.T) {
	t.Parallel()
	c := newTestCrypto(t)
	for _, row := range []struct{ name, timestamp, nonce, ciphertext string }{
		{"usual", "1700000000", "1372623149", "Rypq+/=="},
		{"sorted as strings, not as numbers", "999", "1000", "AAAA"},
		{"ciphertext first", "1700000000", "1372623149", "+AAA"},
		{"Token first", "a", "b", "c"},
		{"Token last", "1", "2", "3"},
		{"upper case before lower case", "Z", "a", "b"},
		{"bytes above ASCII last", "é", "中", "z"},
		{"equal parts", "1", "1", "1"},
		{"empty parts", "", "", ""},
		{"a part that begins like another", "17", "1700", "170"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := c.Sign(row.timestamp, row.nonce, row.ciphertext)
			assert.Equal(t, refSign(testToken, row.timestamp, row.nonce, row.ciphertext), got)
			assert.Regexp(t, `\A[0-9a-f]{40}\z`, got)
		})
	}
	t.Run("of a ciphertext of any length", func(t *testing.T) {
		t.Parallel()
		for n := 0; n < 4096; n += 61 {
			ciphertext := strings.Repeat("x", n)
			require.Equal(t, refSign(testToken, "1", "2", ciphertext), c.Sign("1", "2", ciphertext), n)
		}
	})
}

func TestCrypto_Open(t *testing.T) {
	t.Parallel()
	const timestamp, nonce = "1700000000", "1372623149"
	sealed := refSeal(testKey, []byte("hello"), testSuiteID)
	signature := refSign(testToken, timestamp, nonce, sealed)
	c := newTestCrypto(t)

	message, receiveID, err := c.Open(signature, timestamp, nonce, sealed)
	require.NoError(t, err)
	require.Equal(t, "hello", string(message))
	require.Equal(t, testSuiteID, string(receiveID))

	signed := func(ciphertext string) string { return refSign(testToken, timestamp, nonce, ciphertext) }
	undecryptable := base64.StdEncoding.EncodeToString(make([]byte, 64))
	overlong := fixedFrame([]byte("hello"), testSuiteID)
	binary.BigEndian.PutUint32(overlong[16:], uint32(len(overlong)))
	rows := []struct {
		name                                    string
		signature, timestamp, nonce, ciphertext string
		want                                    error
	}{
		{"another signature", strings.Repeat("0", 40), timestamp, nonce, sealed, openwork.ErrSignature},
		{"another timestamp", signature, "1700000001", nonce, sealed, openwork.ErrSignature},
		{"another nonce", signature, timestamp, "1372623148", sealed, openwork.ErrSignature},
		{"timestamp and nonce joined otherwise", signature, "17000000001", "372623149", sealed, openwork.ErrSignature},
		{"another ciphertext", signature, timestamp, nonce, undecryptable, openwork.ErrSignature},
		{"not decrypted before it is verified", strings.Repeat("0", 40), timestamp, nonce, undecryptable, openwork.ErrSignature},
		{"not decryptable", signed(undecryptable), timestamp, nonce, undecryptable, openwork.ErrDecrypt},
		{"another key", "", timestamp, nonce, refSeal(otherKey, []byte("hello"), testSuiteID), openwork.ErrDecrypt},
		{"bad padding", "", timestamp, nonce, refEncryptRaw(testKey, make([]byte, 64)), openwork.ErrDecrypt},
		{"bad length", "", timestamp, nonce, refEncryptRaw(testKey, refPad(overlong)), openwork.ErrDecrypt},
		{"shorter than its head", "", timestamp, nonce, refEncryptRaw(testKey, refPad(make([]byte, 19))), openwork.ErrDecrypt},
		{"no ciphertext", signed(""), timestamp, nonce, "", openwork.ErrMalformed},
		{"no base64", "", timestamp, nonce, "!" + sealed[1:], openwork.ErrMalformed},
		{"no padding", "", timestamp, nonce, strings.TrimRight(sealed, "="), openwork.ErrMalformed},
		{"a newline in it", "", timestamp, nonce, sealed[:8] + "\n" + sealed[8:], openwork.ErrMalformed},
		{"bits behind the last byte", "", timestamp, nonce, setTrailingBits(sealed), openwork.ErrMalformed},
		{"half a block", "", timestamp, nonce, refEncryptRaw(testKey, bytes.Repeat([]byte{16}, 16)), openwork.ErrMalformed},
		{"17 bytes", "", timestamp, nonce, base64.StdEncoding.EncodeToString(make([]byte, 17)), openwork.ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.signature == "" {
				row.signature = signed(row.ciphertext)
			}
			message, receiveID, err := c.Open(row.signature, row.timestamp, row.nonce, row.ciphertext)
			require.ErrorIs(t, err, row.want)
			for _, other := range []error{openwork.ErrMalformed, openwork.ErrSignature, openwork.ErrDecrypt, openwork.ErrReceiveID} {
				assert.Equal(t, other == row.want, errors.Is(err, other), "%v", other)
			}
			assert.Nil(t, message)
			assert.Nil(t, receiveID)
			assertNoSecret(t, err.Error())
			assert.NotContains(t, err.Error(), signed(row.ciphertext), "the right signature")
		})
	}
	for _, bad := range []string{"", signature[:39], signature + "0", signature[:39] + "g"} {
		t.Run(fmt.Sprintf("signature of %d characters", len(bad)), func(t *testing.T) {
			t.Parallel()
			_, _, err := c.Open(bad, timestamp, nonce, sealed)
			require.Error(t, err)
			assert.True(t, errors.Is(err, openwork.ErrSignature) || errors.Is(err, openwork.ErrMalformed), "%v", err)
		})
	}
}

// TestCrypto_OpenHugeLength checks that the length field is believed by nobody: not even to make room.
func TestCrypto_OpenHugeLength(t *testing.T) { // not parallel: it watches memory
	c := newTestCrypto(t)
	for _, length := range []uint32{0x7FFFFFFF, 0x80000000, 0xFFFFFFEC, 0xFFFFFFFF} {
		t.Run(fmt.Sprintf("%#x", length), func(t *testing.T) {
			frame := fixedFrame([]byte("hello"), testSuiteID)
			binary.BigEndian.PutUint32(frame[16:], length)
			sealed := refEncryptRaw(testKey, refPad(frame))
			signature := refSign(testToken, "1", "n", sealed)

			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := c.Open(signature, "1", "n", sealed)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, openwork.ErrDecrypt)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
		})
	}
}

func TestCrypto_RoundTrip(t *testing.T) {
	t.Parallel()
	c := newTestCrypto(t)
	for _, row := range []struct{ name, message, receiveID string }{
		{"usual", cryptoEvent, testSuiteID},
		{"empty message", "", testSuiteID},
		{"empty receive id", "hello", ""},
		{"a newline at the end and no receive id", "<xml></xml>\n", ""},
		{"many newlines at the end and no receive id", "<xml></xml>\r\n\n\n", ""},
		{"a message that looks like padding", strings.Repeat("\x01", 40), ""},
		{"a message that ends like padding", "hello\x04\x04\x04\x04", ""},
		{"NULs", "\x00\x00", "\x00"},
		{"not UTF-8", "\xff\xfe", "\xff"},
		{"a corpid of 18 characters", "你好", "wx5823bf96d3bd56c7"},
		{"1 MiB", strings.Repeat("m", 1<<20), testSuiteID},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			sealed, err := c.Seal([]byte(row.message), row.receiveID)
			require.NoError(t, err)
			message, receiveID, err := c.Open(c.Sign("1", "n", sealed), "1", "n", sealed)
			require.NoError(t, err)
			assert.Equal(t, row.message, string(message))
			assert.Equal(t, row.receiveID, string(receiveID))
		})
	}
}

func TestCrypto_Seal(t *testing.T) {
	t.Parallel()
	t.Run("the random prefix is new each time", func(t *testing.T) {
		t.Parallel()
		c := newTestCrypto(t)
		seen := map[string]bool{}
		for range 100 {
			sealed, err := c.Seal([]byte("hello"), testSuiteID)
			require.NoError(t, err)
			prefix := string(refDecryptRaw(t, testKey, mustDecode(t, sealed))[:16])
			require.False(t, seen[prefix], "seen before")
			seen[prefix] = true
		}
	})
	t.Run("padding fills up to 32 bytes, and is a whole block where nothing is missing", func(t *testing.T) {
		t.Parallel()
		c := newTestCrypto(t)
		for frame, want := range map[int]int{48: 16, 63: 1, 64: 32, 65: 31, 96: 32} {
			sealed, err := c.Seal(bytes.Repeat([]byte("m"), frame-20-len(testSuiteID)), testSuiteID)
			require.NoError(t, err)
			plain := refDecryptRaw(t, testKey, mustDecode(t, sealed))
			require.Len(t, plain, frame+want)
			assert.Equal(t, bytes.Repeat([]byte{byte(want)}, want), plain[frame:])
		}
	})
	t.Run("the message is left alone", func(t *testing.T) {
		t.Parallel()
		buffer := []byte("hello, and what is behind it")
		_, err := newTestCrypto(t).Seal(buffer[:5], testSuiteID)
		require.NoError(t, err)
		assert.Equal(t, "hello, and what is behind it", string(buffer))
	})
	for name, random := range map[string]io.Reader{
		"no randomness":         iotest.ErrReader(errors.New("no entropy")),
		"not enough randomness": strings.NewReader("15 bytes only.."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestCrypto(t)
			openwork.SetRandom(c, random)
			sealed, err := c.Seal([]byte("hello"), testSuiteID)
			require.Error(t, err)
			assert.Empty(t, sealed)
		})
	}
	t.Run("randomness that comes byte by byte", func(t *testing.T) {
		t.Parallel()
		c := newTestCrypto(t)
		openwork.SetRandom(c, iotest.OneByteReader(strings.NewReader("0123456789abcdef")))
		sealed, err := c.Seal([]byte("hello"), testSuiteID)
		require.NoError(t, err)
		assert.Equal(t, refEncryptRaw(testKey, refPad(fixedFrame([]byte("hello"), testSuiteID))), sealed)
	})
}

// TestCrypto_Differential compares with the test kit's own implementation of the scheme, both ways, for all sizes of
// the message up to 200 bytes and receive ids of all usual lengths. Among them is every length of padding.
func TestCrypto_Differential(t *testing.T) {
	t.Parallel()
	c := newTestCrypto(t)
	random := rand.NewChaCha8([32]byte{1})
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		_, _ = random.Read(b)
		return b
	}
	paddings := map[int]bool{}
	for size := 0; size <= 200; size++ {
		for _, idLength := range []int{0, 1, 18, 32, 64, size} {
			what := fmt.Sprintf("message of %d, receive id of %d bytes", size, idLength)
			message, receiveID := bytesOf(size), string(bytesOf(idLength))

			sealed := refSeal(testKey, message, receiveID)
			timestamp, nonce := fmt.Sprint(1_700_000_000+size), fmt.Sprint(idLength)
			gotMessage, gotID, err := c.Open(refSign(testToken, timestamp, nonce, sealed), timestamp, nonce, sealed)
			require.NoError(t, err, what)
			require.True(t, bytes.Equal(message, gotMessage), what)
			require.Equal(t, receiveID, string(gotID), what)

			sealed, err = c.Seal(message, receiveID)
			require.NoError(t, err, what)
			refMessage, refID := refOpen(t, testKey, sealed)
			require.Equal(t, string(message), refMessage, what)
			require.Equal(t, receiveID, refID, what)
			plain := refDecryptRaw(t, testKey, mustDecode(t, sealed))
			require.Equal(t, refEncryptRaw(testKey, refPad(plain[:20+size+idLength])), sealed, what)
			paddings[len(plain)-20-size-idLength] = true
		}
	}
	for n := 1; n <= 32; n++ {
		assert.True(t, paddings[n], "no case had %d bytes of padding", n)
	}
}

func TestCrypto_Concurrent(t *testing.T) {
	t.Parallel()
	c := newTestCrypto(t)
	var wg sync.WaitGroup
	for n := range 100 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			message, id := strings.Repeat(fmt.Sprint(n), 1+n), fmt.Sprint("id", n)
			for range 20 {
				sealed, err := c.Seal([]byte(message), id)
				if !assert.NoError(t, err) {
					return
				}
				signature := c.Sign("1", "n", sealed)
				assert.Equal(t, refSign(testToken, "1", "n", sealed), signature)
				got, gotID, err := c.Open(signature, "1", "n", sealed)
				assert.NoError(t, err)
				assert.Equal(t, message, string(got))
				assert.Equal(t, id, string(gotID))
			}
		}()
	}
	wg.Wait()
}

// TestCrypto_ResultsAreTheCallers checks that what Open returned stays as it is when Open is called again.
func TestCrypto_ResultsAreTheCallers(t *testing.T) {
	t.Parallel()
	c := newTestCrypto(t)
	open := func(message, id string) (string, []byte, []byte) {
		sealed := refSeal(testKey, []byte(message), id)
		gotMessage, gotID, err := c.Open(c.Sign("1", "n", sealed), "1", "n", sealed)
		require.NoError(t, err)
		return sealed, gotMessage, gotID
	}
	_, message, id := open("the first message", "first")
	for range 10 {
		open("another message !", "other")
	}
	assert.Equal(t, "the first message", string(message))
	assert.Equal(t, "first", string(id))
	_ = append(message, "XXXXX"...)
	assert.Equal(t, "first", string(id), "appending to the message must not write over the receive id")
}

func newTestCrypto(t testing.TB) *openwork.Crypto {
	t.Helper()
	c, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	return c
}

func mustDecode(t *testing.T, ciphertext string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(ciphertext)
	require.NoError(t, err)
	return data
}
