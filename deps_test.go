package flashgin_test

// Temporary: keeps the dependencies in go.mod while the first files are written.
import (
	_ "github.com/alicebob/miniredis/v2"
	_ "github.com/gin-contrib/gzip"
	_ "github.com/gin-contrib/multitemplate"
	_ "github.com/gin-contrib/sessions/cookie"
	_ "github.com/gin-contrib/sessions/memstore"
	_ "github.com/gin-gonic/gin"
	_ "github.com/redis/go-redis/v9"
	_ "github.com/stretchr/testify/require"
)
