package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLifecycle(t *testing.T) {
	require.NoError(t, run())
}

// Events that come late do not undo newer ones; of two as old the later arrival counts.
func TestCodeStore_LateCancellation(t *testing.T) {
	ctx, installed := context.Background(), time.Unix(1_700_000_000, 0)
	for _, test := range []struct {
		name string
		code string
		at   time.Time
		want string
	}{
		{"a cancellation from before the installation", "", installed.Add(-time.Second), "code"},
		{"an older installation", "old", installed.Add(-time.Hour), "code"},
		{"a cancellation in the same second", "", installed, ""},
		{"a later cancellation", "", installed.Add(time.Second), ""},
		{"a new secret", "new", installed.Add(time.Second), "new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			codes := &memoryCodes{}
			require.NoError(t, codes.Put(ctx, "corp", "code", installed))
			require.NoError(t, codes.Put(ctx, "corp", test.code, test.at))
			code, err := codes.Get(ctx, "corp")
			require.NoError(t, err)
			assert.Equal(t, test.want, code)
		})
	}
}
