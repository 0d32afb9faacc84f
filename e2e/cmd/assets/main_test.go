package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Pages load the files that are made, so they must be those of the sources.
func TestMadeFilesAreThoseOfTheSources(t *testing.T) {
	folder := filepath.Join("..", "..", folder) // a test runs in its own folder
	for _, name := range sources {
		want, err := minified(filepath.Join(folder, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(folder, made(name)))
		require.NoError(t, err)
		assert.True(t, string(want) == string(got),
			"internal/assets/%s is not what %s makes: run go generate ./internal/assets in the root",
			made(name), name)
	}
}
