val AT = arrayOf(floatArrayOf(1f, 1f, 1f, 0f), floatArrayOf(0f, 1f, -1f, 1f))
val G = arrayOf(floatArrayOf(1f, 0f, 0f), floatArrayOf(.5f, .5f, .5f), floatArrayOf(.5f, -.5f, .5f), floatArrayOf(0f, 0f, 1f))
val BT = arrayOf(floatArrayOf(1f, 0f, -1f, 0f), floatArrayOf(0f, 1f, 1f, 0f), floatArrayOf(0f, -1f, 1f, 0f), floatArrayOf(0f, -1f, 0f, 1f))
