AT:
 .float 1, 1, 1, 0
 .float 0, 1, -1, 1
G:
 .float 1,0,0
 .float 0.5,0.5,0.5
 .float 0.5,-0.5,0.5
 .float 0,0,1
BT:
 .float 1,0,-1,0
 .float 0,1,1,0
 .float 0,-1,1,0
 .float 0,-1,0,1
