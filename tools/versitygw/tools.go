//go:build tools

// Names the program whose versions go.mod and go.sum pin; tools/install-versitygw builds it.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
