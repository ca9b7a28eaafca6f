package openwork_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An outsider who sees only how long the answer takes puts a captured push of
// 240 KB in front of the block under attack: whatever is done with the text
// after decryption takes its time then. Not in parallel, as it measures.
func TestO2_PaddingByTime(t *testing.T) {
	from := chance(2)
	manyElements := capture(from, strings.Replace(dataEvent("change_school_contact_batch"), "</xml>",
		strings.Repeat("<ChangeList><A>1</A><B><![CDATA[b]]></B></ChangeList>", 4500)+"</xml>", 1), testCorp)
	for name, mine := range map[string]captured{
		"many elements":    manyElements,
		"one long message": capture(from, textMessage(strings.Repeat("A long message of his own. ", 9000)), testCorp),
		"Chinese":          capture(from, textMessage(strings.Repeat("一条很长的消息", 11_500)), testCorp),
		"blanks in front":  capture(from, strings.Repeat(" \n", 120_000)+textMessage("hello"), testCorp),
		"ids, nearly ours": capture(from, textMessage(strings.Repeat(testCorp[:17]+" "+testSuiteID[:17]+" ", 6_700)), testCorp),
		"JSON": capture(from, `{"ToUserName":"`+testCorp+`","MsgType":"text","Content":"`+
			strings.Repeat("0123456789", 24_000)+`"}`, testCorp),
	} {
		ids := []int{0, 1, 16, 48}
		if isBrief() {
			if ids = []int{1, 16}; name != "many elements" {
				continue
			}
		}
		for _, id := range ids {
			t.Run(fmt.Sprintf("%s, a receive id of %d", name, id), func(t *testing.T) {
				right, wrong := timedAttack(t, mine, id)
				requireAsQuick(t, target{}.open(t, nil), xmlPush, right, wrong)
			})
		}
	}
	for _, target := range targetsToTry() {
		for _, id := range []int{16, 1} {
			if isBrief() && id != 16 {
				continue
			}
			t.Run(fmt.Sprintf("%s, a receive id of %d", target.name, id), func(t *testing.T) {
				right, wrong := timedAttack(t, manyElements, id)
				requireAsQuick(t, target.open(t, nil), target.through(xmlPush), right, wrong)
				if !isBrief() {
					requireAsQuick(t, target.open(t, nil), target.through(jsonPush), right, wrong)
				}
			})
		}
	}
}

// timedAttack is a guess that leaves a right padding and a receive id of so
// many characters, and one that does not.
func timedAttack(t *testing.T, mine captured, id int) (right, wrong []byte) {
	from := chance(3)
	secret := capture(from, ticketXML(testSuiteID, strings.Repeat("tickeT-0123_Value", 4), testNow), testSuiteID)
	block := secret.at("tickeT") + 1
	end := mine.len() - 3
	end -= end % 2
	length := (end+2)*blockSize - 1 - 20 - id
	build := func(guess byte, flip int) []byte {
		front := append(mine.relength(length), mine.blocks(2, end)...)
		front[len(front)-1] ^= byte(flip)
		front[len(front)-2] ^= byte(flip >> 8)
		r := secret.blocks(block-1, block)
		r[blockSize-1] ^= guess ^ 1
		return slices.Concat(front, r, secret.blocks(block, block+1))
	}
	value := secret.plain[(block+1)*blockSize-1]
	for flip := 0; ; flip++ {
		right, wrong = build(value, flip), build(value^0x55, flip)
		tail := refDecryptRaw(t, testKey, right[len(right)-3*blockSize:])[blockSize:]
		require.EqualValues(t, 1, tail[2*blockSize-1])
		if id != 16 || isIDText(tail[15:31]) {
			return right, wrong
		}
	}
}

// requireAsQuick checks that two requests take as long as each other, within a
// quarter. The quickest of many counts, as only that is not the machine's.
func requireAsQuick(t *testing.T, door http.Handler, kind envelopeKind, right, wrong []byte) {
	t.Helper()
	took := func(ciphertext []byte) time.Duration {
		r, w := kind.request(ciphertext), httptest.NewRecorder()
		began := time.Now()
		door.ServeHTTP(w, r)
		d := time.Since(began)
		require.Equal(t, http.StatusForbidden, w.Code)
		return d
	}
	const most, runs, rounds = 1.25, 8, 12
	quickest := [2]time.Duration{took(right), took(wrong)}
	ratio := 0.0
	for range rounds {
		for range runs {
			quickest[0] = min(quickest[0], took(right))
			quickest[1] = min(quickest[1], took(wrong))
		}
		ratio = float64(max(quickest[0], quickest[1])) / float64(min(quickest[0], quickest[1]))
		if ratio <= most {
			return
		}
	}
	require.LessOrEqual(t, ratio, most, "right padding: %v, wrong padding: %v", quickest[0], quickest[1])
}
